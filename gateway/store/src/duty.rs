//! What one process at a time does behind the teller: it locks the duty's row until its transaction ends.

use diesel::prelude::*;

use crate::{Connection, StoreError, schema::duty};

/// A thing that is done behind the teller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Duty {
    /// Giving events their positions.
    Outbox,
    /// Rolling deltas up into open accounts.
    Roll,
    /// Sealing entries.
    Seal,
}

impl Duty {
    const fn name(self) -> &'static str {
        match self {
            Self::Outbox => "outbox",
            Self::Roll => "roll",
            Self::Seal => "seal",
        }
    }

    /// Waits until no other process is at it. On SQLite whoever writes is alone anyway.
    pub(crate) fn take(self, conn: &mut Connection) -> Result<(), StoreError> {
        if let Connection::Postgres(conn) = conn {
            let row = duty::table.find(self.name()).select(duty::name);
            row.for_update().first::<String>(conn)?;
        }
        Ok(())
    }
}
