//! Which plugin calls are there, as the records that name them say.

use std::collections::HashSet;

use purser_core::record::EvidenceId;

use crate::{Connection, StoreError, read::evidence::evidence_present};

/// 32 bytes each. What is forgotten here is looked up again.
const KNOWN_MAX: usize = 100_000;

/// Calls that were found. They repeat, because equal calls are one row, so each is looked up about once.
#[derive(Default)]
pub(super) struct Evidence(HashSet<EvidenceId>);

impl Evidence {
    /// Looks up what was not seen before. A call that was changed is an error here.
    pub(super) fn look_up(
        &mut self,
        conn: &mut Connection,
        named: impl Iterator<Item = EvidenceId>,
    ) -> Result<(), StoreError> {
        if self.0.len() > KNOWN_MAX {
            self.0.clear();
        }
        let named: HashSet<EvidenceId> = named.collect();
        let unknown: Vec<EvidenceId> = named.difference(&self.0).copied().collect();
        for some in unknown.chunks(500) {
            self.0.extend(evidence_present(conn, some)?);
        }
        Ok(())
    }

    /// Whether all of them are there.
    pub(super) fn has_all(&self, named: &[EvidenceId]) -> bool {
        named.iter().all(|id| self.0.contains(id))
    }
}
