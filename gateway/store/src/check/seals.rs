//! The chain of seals: recomputed from the entries, and each seal signed.

use std::collections::HashMap;

use purser_core::{entry::Entry, jws::Keyring, seal::SealHash};

use super::{Finding, count, first_bad};
use crate::{
    Connection, StoreError,
    read::entry::entries_get,
    seal::{Seal, sealed_entries, seals_after},
};

/// Every entry is sealed or waits for its seal, and the chain is unbroken and signed.
pub(super) fn seals(conn: &mut Connection, keys: &Keyring) -> Result<Finding, StoreError> {
    let mut finding = Finding::default();
    let mut hash = SealHash::ORIGIN;
    let mut position = 0;
    loop {
        // One at a time: each covers some hundred entries.
        let Some(seal) = seals_after(conn, position, 1)?.pop() else { break };
        let (bad, after) = seal_bad(conn, &seal, position, hash, keys)?;
        finding.saw(1, bad);
        (hash, position) = (after, seal.last_position.max(position.saturating_add(1)));
    }
    let beyond = format!(
        "SELECT entry || ' is sealed by no seal' AS bad FROM entry_sealed WHERE position > {position} \
         ORDER BY position LIMIT 1"
    );
    for sql in [beyond.as_str(), FORGOTTEN, WAITS_FOR_NOTHING] {
        let bad = first_bad(conn, sql)?;
        finding.saw(0, bad);
    }
    finding.examined =
        finding.examined.saturating_add(count(conn, "SELECT COUNT(*) AS n FROM entry_unsealed")?);
    Ok(finding)
}

const FORGOTTEN: &str = "\
    SELECT entry.id || ' is not sealed and does not wait for it' AS bad FROM entry \
    LEFT JOIN entry_sealed ON entry_sealed.entry = entry.id \
    LEFT JOIN entry_unsealed ON entry_unsealed.entry = entry.id \
    WHERE entry_sealed.entry IS NULL AND entry_unsealed.entry IS NULL ORDER BY entry.id LIMIT 1";

const WAITS_FOR_NOTHING: &str = "\
    SELECT entry_unsealed.entry || ' waits for its seal and is no entry, or sealed already' AS bad \
    FROM entry_unsealed LEFT JOIN entry ON entry.id = entry_unsealed.entry \
    LEFT JOIN entry_sealed ON entry_sealed.entry = entry_unsealed.entry \
    WHERE entry.id IS NULL OR entry_sealed.entry IS NOT NULL ORDER BY entry_unsealed.entry LIMIT 1";

/// What is wrong with a seal, and the hash that the next one starts from: its own, so that one finding does
/// not make every later seal a finding.
fn seal_bad(
    conn: &mut Connection,
    seal: &Seal,
    position: i64,
    hash: SealHash,
    keys: &Keyring,
) -> Result<(Option<String>, SealHash), StoreError> {
    let name = seal.first_position;
    let bad =
        |what: &str| Ok((Some(format!("the seal from position {name} on: {what}")), seal.hash));
    if seal.first_position != position.saturating_add(1) || seal.last_position < seal.first_position
    {
        return bad("it does not follow the one before");
    }
    let sealed = sealed_entries(conn, seal.first_position, seal.last_position)?;
    if !(seal.first_position..=seal.last_position).eq(sealed.iter().map(|(position, _)| *position))
    {
        return bad("a position has no entry");
    }
    let ids: Vec<String> = sealed.into_iter().map(|(_, id)| id).collect();
    let entries = match entries_get(conn, &ids) {
        Ok(entries) => entries,
        Err(StoreError::Corrupt { table, what }) => return bad(&format!("{table}: {what}")),
        Err(other) => return Err(other),
    };
    let entries: HashMap<String, Entry> =
        entries.into_iter().map(|entry| (entry.id().to_string(), entry)).collect();
    let ordered: Option<Vec<&Entry>> = ids.iter().map(|id| entries.get(id)).collect();
    let Some(ordered) = ordered else { return bad("an entry is gone") };
    if hash.after(seal.first_position, ordered) != seal.hash {
        return bad("an entry was changed");
    }
    if !seal.is_signed_by(keys) {
        return bad("the gateway did not sign it");
    }
    Ok((None, seal.hash))
}
