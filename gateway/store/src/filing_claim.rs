//! Sending a return once: a key is claimed before, and what came of it is written with its claim.
//!
//! The authority is asked between two transactions, so a claim may stay without an end: then nobody knows whether the
//! return arrived, and it is not sent again before somebody says so.

use diesel::{dsl::max, prelude::*};
use purser_core::{Timestamp, command::KeyClaim, ids::RemittanceId};

use crate::{
    Connection, StoreError,
    read::{
        remittance::{FilingSent, filing_sent_get, filing_sent_insert},
        row::Row,
    },
    schema::{filing_claim, filing_sent},
};

/// A wish to send a return.
#[derive(Debug, Clone)]
pub struct FilingClaim {
    /// Under which key.
    pub key: KeyClaim,
    /// Of which remittance.
    pub remittance: RemittanceId,
    /// Whether what may have arrived is sent once more.
    pub repetition: Repetition,
    /// When.
    pub at: Timestamp,
}

/// What is done about a return that the authority has, or may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repetition {
    /// It is not sent.
    Refused,
    /// It is sent all the same.
    Wanted,
}

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// The same request has sent it, and this came of it.
    Sent(FilingSent),
    /// The same request is sending it since then, or was when the gateway ended.
    UnderWay(Timestamp),
    /// It was for another request.
    OtherRequest,
}

/// What came of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed {
    /// The return is the caller's to send.
    Yours,
    /// The key is taken.
    Known(Known),
    /// The authority has the return, or may have it. Where it answered: how.
    Before(Option<FilingSent>),
}

/// What is known of a key, if anything is.
pub fn filing_claim_find(
    conn: &mut Connection,
    key: &KeyClaim,
) -> Result<Option<Known>, StoreError> {
    let columns =
        (filing_claim::fingerprint, filing_claim::remittance, filing_claim::at, filing_claim::sent);
    let found: Option<(Vec<u8>, String, i64, Option<i64>)> = filing_claim::table
        .filter(filing_claim::scope.eq(&key.scope).and(filing_claim::key.eq(&key.key)))
        .select(columns)
        .first(conn)
        .optional()?;
    let Some((fingerprint, remittance, at, sent)) = found else { return Ok(None) };
    if fingerprint != key.fingerprint {
        return Ok(Some(Known::OtherRequest));
    }
    let row = Row::new("filing_claim", &key.scope);
    let remittance = row.parse("remittance", &remittance)?;
    let Some(n) = sent else { return Ok(Some(Known::UnderWay(row.time("at", at)?))) };
    let sent = filing_sent_get(conn, remittance, n)?.ok_or_else(|| row.fault("sent"))?;
    Ok(Some(Known::Sent(sent)))
}

/// Claims a return to be sent. Of two claims at once that see nothing of each other, one is a conflict
/// ([`StoreError::is_conflict`]), and sees the other when it is made again.
pub fn filing_claim_insert(
    conn: &mut Connection,
    claim: &FilingClaim,
) -> Result<Claimed, StoreError> {
    if let Some(known) = filing_claim_find(conn, &claim.key)? {
        return Ok(Claimed::Known(known));
    }
    // The number first: whoever claims between the two looks is seen by the second, and whoever claims later takes the
    // same number.
    let remittance = claim.remittance.to_string();
    let last: Option<i64> = filing_claim::table
        .filter(filing_claim::remittance.eq(&remittance))
        .select(max(filing_claim::n))
        .first(conn)?;
    if claim.repetition == Repetition::Refused
        && let Some(before) = arrived(conn, claim.remittance)?
    {
        return Ok(Claimed::Before(before));
    }
    let row = (
        filing_claim::scope.eq(&claim.key.scope),
        filing_claim::key.eq(&claim.key.key),
        filing_claim::fingerprint.eq(claim.key.fingerprint.as_slice()),
        filing_claim::remittance.eq(&remittance),
        filing_claim::n.eq(last.unwrap_or_default().saturating_add(1)),
        filing_claim::at.eq(claim.at.as_microsecond()),
    );
    diesel::insert_into(filing_claim::table).values(row).execute(conn)?;
    Ok(Claimed::Yours)
}

/// The sending after which the authority has the return, or may have it; without its end, if it has none.
fn arrived(
    conn: &mut Connection,
    id: RemittanceId,
) -> Result<Option<Option<FilingSent>>, StoreError> {
    let remittance = id.to_string();
    let accepted: Option<i64> = filing_sent::table
        .filter(filing_sent::remittance.eq(&remittance))
        .filter(filing_sent::status.between(200, 299))
        .order(filing_sent::n.desc())
        .select(filing_sent::n)
        .first(conn)
        .optional()?;
    if let Some(n) = accepted {
        return Ok(Some(filing_sent_get(conn, id, n)?));
    }
    let unanswered: Option<Option<i64>> = filing_claim::table
        .left_join(
            filing_sent::table.on(filing_sent::remittance
                .eq(filing_claim::remittance)
                .and(filing_sent::n.nullable().eq(filing_claim::sent))),
        )
        .filter(filing_claim::remittance.eq(&remittance).and(filing_claim::key.is_not_null()))
        .filter(filing_sent::status.is_null())
        .order(filing_claim::n.desc())
        .select(filing_claim::sent)
        .first(conn)
        .optional()?;
    match unanswered {
        None => Ok(None),
        Some(None) => Ok(Some(None)),
        Some(Some(n)) => Ok(Some(filing_sent_get(conn, id, n)?)),
    }
}

/// Ends a claim with what came of it: the key answers that from now on. Gives it as it was written.
pub fn filing_claim_end(
    conn: &mut Connection,
    key: &KeyClaim,
    sent: &FilingSent,
) -> Result<FilingSent, StoreError> {
    let n = filing_sent_insert(conn, sent)?;
    let claim = filing_claim::table
        .filter(filing_claim::scope.eq(&key.scope).and(filing_claim::key.eq(&key.key)));
    diesel::update(claim).set(filing_claim::sent.eq(n)).execute(conn)?;
    let written = filing_sent_get(conn, sent.remittance, n)?;
    written.ok_or_else(|| Row::new("filing_sent", &key.scope).fault("n"))
}

/// Gives a key back whose request cannot have arrived, and remembers the try. The claim keeps its number, so that no other
/// ever has it.
pub fn filing_claim_release(
    conn: &mut Connection,
    key: &KeyClaim,
    sent: &FilingSent,
) -> Result<(), StoreError> {
    let n = filing_sent_insert(conn, sent)?;
    let claim = filing_claim::table
        .filter(filing_claim::scope.eq(&key.scope).and(filing_claim::key.eq(&key.key)));
    let released = (filing_claim::sent.eq(n), filing_claim::key.eq(None::<String>));
    diesel::update(claim).set(released).execute(conn)?;
    Ok(())
}
