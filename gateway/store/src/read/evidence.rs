//! What plugins were asked and answered.

use data_encoding::HEXLOWER;
use diesel::prelude::*;
use purser_core::record::{EvidenceId, EvidenceRecord};

use super::{
    page::{Page, Paged},
    row::Row,
};
use crate::{Connection, StoreError, schema::evidence};

#[derive(Queryable, Selectable)]
#[diesel(table_name = evidence)]
struct EvidenceRow {
    id: Vec<u8>,
    digest: Vec<u8>,
    engine: String,
    function: String,
    input: String,
    output: String,
    fuel: i64,
}

impl EvidenceRow {
    fn read(self) -> Result<EvidenceRecord, StoreError> {
        let name = HEXLOWER.encode(&self.id);
        let row = Row::new("evidence", &name);
        let digest = row.bytes("digest", &self.digest)?;
        let fuel = row.number("fuel", self.fuel)?;
        let record =
            EvidenceRecord::new(digest, self.engine, self.function, self.input, self.output, fuel);
        // Evidence is named by its content, so a row that was changed is told by its own name.
        if record.id.0.as_slice() == self.id { Ok(record) } else { Err(row.fault("content")) }
    }
}

/// One plugin call.
pub fn evidence_get(
    conn: &mut Connection,
    id: EvidenceId,
) -> Result<Option<EvidenceRecord>, StoreError> {
    let found: Option<EvidenceRow> = evidence::table
        .find(id.0.as_slice())
        .select(EvidenceRow::as_select())
        .first(conn)
        .optional()?;
    found.map(EvidenceRow::read).transpose()
}

/// Which of these calls are there, unchanged.
pub(crate) fn evidence_present(
    conn: &mut Connection,
    ids: &[EvidenceId],
) -> Result<Vec<EvidenceId>, StoreError> {
    let ids: Vec<&[u8]> = ids.iter().map(|id| id.0.as_slice()).collect();
    let found: Vec<EvidenceRow> = evidence::table
        .filter(evidence::id.eq_any(ids))
        .select(EvidenceRow::as_select())
        .load(conn)?;
    found.into_iter().map(|row| Ok(row.read()?.id)).collect()
}

/// The calls that a plugin decided, newest first. Equal calls are one, listed where it was first made. The next
/// page is asked for with the hexadecimal name.
pub fn plugin_calls_page(
    conn: &mut Connection,
    digest: &[u8; 32],
    page: &Page,
) -> Result<Paged<EvidenceRecord>, StoreError> {
    let digest = digest.as_slice();
    let seen = |id: &str| {
        let id = HEXLOWER.decode(id.as_bytes()).unwrap_or_default();
        let of_plugin = evidence::table.find(id).filter(evidence::digest.eq(digest));
        of_plugin.select(evidence::recorded_at).first(conn).optional()
    };
    let Some((at, id)) = page.start(seen)? else { return Ok(Paged::empty()) };
    let id = HEXLOWER.decode(id.as_bytes()).unwrap_or_default();
    let older = evidence::recorded_at.lt(at).or(evidence::id.lt(id));
    let rows: Vec<EvidenceRow> = evidence::table
        .filter(evidence::digest.eq(digest))
        .filter(evidence::recorded_at.le(at).and(older))
        .order((evidence::recorded_at.desc(), evidence::id.desc()))
        .limit(page.fetch())
        .select(EvidenceRow::as_select())
        .load(conn)?;
    page.of(rows, |row| HEXLOWER.encode(&row.id)).try_map(EvidenceRow::read)
}
