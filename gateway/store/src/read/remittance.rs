//! Remittances with their returns, and what became of them.

use diesel::{dsl::count_star, prelude::*};
use purser_core::{
    Timestamp,
    account::{Account, Authority, Taxpayer},
    ids::RemittanceId,
    liability::TaxAccount,
    money::Money,
    outgoing::Settled,
    record::{EvidenceId, FilingRecord, RemittanceRecord},
};

use super::{
    page::{Page, Paged},
    row::{Row, json_text},
};
use crate::{
    Connection, StoreError,
    schema::{filing, filing_sent, remittance, settlement},
};

/// A remittance, the name of its return, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRemittance {
    /// As it was prepared.
    pub record: RemittanceRecord,
    /// What the return is.
    pub media_type: String,
    /// What it is called.
    pub file_name: String,
    /// SHA-256 of its body.
    pub hash: [u8; 32],
    /// What became of it, and when; nothing while it is under way.
    pub settled: Option<(Settled, Timestamp)>,
}

/// A return was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilingSent {
    /// Which.
    pub remittance: RemittanceId,
    /// When.
    pub at: Timestamp,
    /// Where to, without the query.
    pub url: String,
    /// The status that was answered, if anything was.
    pub status: Option<u16>,
    /// The beginning of the answer, or why there is none.
    pub answer: String,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = remittance)]
pub(crate) struct RemittanceRow {
    pub(crate) id: String,
    at: i64,
    account: String,
    taxpayer: String,
    authority: String,
    currency: String,
    period: String,
    number: i64,
    position: i64,
    months: String,
    counted: String,
    lines: String,
    base: i64,
    tax: i64,
    carried: i64,
    paid: i64,
    evidence: Vec<u8>,
}

impl RemittanceRow {
    pub(crate) fn new(record: &RemittanceRecord) -> Result<Self, StoreError> {
        let TaxAccount { taxpayer, authority, currency } = &record.account;
        Ok(Self {
            id: record.id.to_string(),
            at: record.at.as_microsecond(),
            account: record.account.account().to_string(),
            taxpayer: taxpayer.to_string(),
            authority: authority.as_str().to_owned(),
            currency: currency.code().to_owned(),
            period: record.period.to_string(),
            number: record.number,
            position: record.position,
            months: json_text(&record.months)?,
            counted: json_text(&record.counted)?,
            lines: json_text(&record.lines)?,
            base: record.base.minor(),
            tax: record.tax.minor(),
            carried: record.carried.minor(),
            paid: record.paid.minor(),
            evidence: record.evidence.0.to_vec(),
        })
    }

    pub(crate) fn read(self) -> Result<RemittanceRecord, StoreError> {
        let row = Row::new("remittance", &self.id);
        let currency = row.currency("currency", &self.currency)?;
        let authority = Authority::parse(&self.authority).map_err(|_| row.fault("authority"))?;
        let taxpayer: Taxpayer = row.parse("taxpayer", &self.taxpayer)?;
        let account = TaxAccount { taxpayer, authority, currency };
        if account.account().to_string() != self.account {
            return Err(row.fault("account"));
        }
        let money = |minor| Money::new(minor, currency);
        Ok(RemittanceRecord {
            id: row.parse("id", &self.id)?,
            at: row.time("at", self.at)?,
            account,
            period: row.parse("period", &self.period)?,
            number: self.number,
            position: self.position,
            months: row.json("months", &self.months)?,
            counted: row.json("counted", &self.counted)?,
            lines: row.json("lines", &self.lines)?,
            base: money(self.base),
            tax: money(self.tax),
            carried: money(self.carried),
            paid: money(self.paid),
            evidence: EvidenceId(row.bytes("evidence", &self.evidence)?),
        })
    }
}

/// The columns of a settlement that may not be there yet.
pub(crate) fn settled(
    id: &str,
    found: Option<(String, i64)>,
) -> Result<Option<(Settled, Timestamp)>, StoreError> {
    let row = Row::new("settlement", id);
    let read = |(outcome, at): (String, i64)| {
        let settled = Settled::parse(&outcome).ok_or_else(|| row.fault("outcome"))?;
        Ok((settled, row.time("at", at)?))
    };
    found.map(read).transpose()
}

type Found = (RemittanceRow, (String, String, Vec<u8>), Option<(String, i64)>);

fn stored(
    (row, (media_type, file_name, hash), outcome): Found,
) -> Result<StoredRemittance, StoreError> {
    let id = row.id.clone();
    let hash = Row::new("filing", &id).bytes("hash", &hash)?;
    let settled = settled(&id, outcome)?;
    Ok(StoredRemittance { record: row.read()?, media_type, file_name, hash, settled })
}

/// Remittances with their returns and ends, as a query to be filtered and ordered.
macro_rules! remittances {
    () => {
        remittance::table
            .inner_join(filing::table.on(filing::remittance.eq(remittance::id)))
            .left_join(settlement::table.on(settlement::object.eq(remittance::id)))
            .select((
                RemittanceRow::as_select(),
                (filing::media_type, filing::file_name, filing::hash),
                (settlement::outcome, settlement::at).nullable(),
            ))
    };
}

/// A remittance.
pub fn remittance_get(
    conn: &mut Connection,
    id: RemittanceId,
) -> Result<Option<StoredRemittance>, StoreError> {
    let found: Option<Found> =
        remittances!().filter(remittance::id.eq(id.to_string())).first(conn).optional()?;
    found.map(stored).transpose()
}

/// The remittances of a taxpayer, or of all.
pub fn remittances_page(
    conn: &mut Connection,
    taxpayer: Option<Taxpayer>,
    page: &Page,
) -> Result<Paged<StoredRemittance>, StoreError> {
    let taxpayer = taxpayer.map(|taxpayer| taxpayer.to_string());
    let seen = |id: &str| {
        let mut row = remittance::table.find(id).select(remittance::at).into_boxed();
        if let Some(taxpayer) = &taxpayer {
            row = row.filter(remittance::taxpayer.eq(taxpayer.clone()));
        }
        row.first(conn).optional()
    };
    let Some((at, id)) = page.start(seen)? else { return Ok(Paged::empty()) };
    let (at, id) = (at, id.to_owned());
    let older = remittance::at.lt(at).or(remittance::id.lt(id));
    let mut rows = remittances!().filter(remittance::at.le(at)).filter(older).into_boxed();
    if let Some(taxpayer) = taxpayer {
        rows = rows.filter(remittance::taxpayer.eq(taxpayer));
    }
    let rows: Vec<Found> = rows
        .order((remittance::at.desc(), remittance::id.desc()))
        .limit(page.fetch())
        .load(conn)?;
    page.of(rows, |(row, ..)| row.id.clone()).try_map(stored)
}

/// The remittances of a tax account that did not fail, in the order in which they were made.
pub fn remittances_live(
    conn: &mut Connection,
    account: &TaxAccount,
) -> Result<Vec<RemittanceRecord>, StoreError> {
    let failed = settlement::table
        .filter(settlement::outcome.eq(Settled::Failed.name()))
        .select(settlement::object);
    let rows: Vec<RemittanceRow> = remittance::table
        .filter(remittance::account.eq(account.account().to_string()))
        .filter(remittance::id.ne_all(failed))
        .order(remittance::number)
        .select(RemittanceRow::as_select())
        .load(conn)?;
    rows.into_iter().map(RemittanceRow::read).collect()
}

/// How many remittances, and ends of remittances, a tax account has: what changes whenever what is owed is counted
/// anew.
pub fn tax_account_count(conn: &mut Connection, account: &Account) -> Result<i64, StoreError> {
    let account = account.to_string();
    let made: i64 = remittance::table
        .filter(remittance::account.eq(&account))
        .select(count_star())
        .first(conn)?;
    let ended: i64 = remittance::table
        .inner_join(settlement::table.on(settlement::object.eq(remittance::id)))
        .filter(remittance::account.eq(&account))
        .select(count_star())
        .first(conn)?;
    Ok(made.saturating_add(ended))
}

/// The return of a remittance.
pub fn filing_get(
    conn: &mut Connection,
    id: RemittanceId,
) -> Result<Option<FilingRecord>, StoreError> {
    let name = id.to_string();
    let columns = (filing::hash, filing::media_type, filing::file_name, filing::body);
    let found: Option<(Vec<u8>, String, String, Vec<u8>)> =
        filing::table.find(&name).select(columns).first(conn).optional()?;
    let Some((hash, media_type, file_name, body)) = found else { return Ok(None) };
    let record = FilingRecord::new(id, media_type, file_name, body);
    // What is sent to an authority is what was written for it, or nothing.
    let is_whole = record.hash.as_slice() == hash;
    if is_whole { Ok(Some(record)) } else { Err(Row::new("filing", &name).fault("hash")) }
}

/// Remembers that a return was sent, and gives its number among the times that it was.
pub fn filing_sent_insert(conn: &mut Connection, sent: &FilingSent) -> Result<i64, StoreError> {
    let id = sent.remittance.to_string();
    let before: i64 = filing_sent::table
        .filter(filing_sent::remittance.eq(&id))
        .select(count_star())
        .first(conn)?;
    let n = before.saturating_add(1);
    let row = (
        filing_sent::remittance.eq(&id),
        filing_sent::n.eq(n),
        filing_sent::at.eq(sent.at.as_microsecond()),
        filing_sent::url.eq(&sent.url),
        filing_sent::status.eq(sent.status.map(i64::from)),
        filing_sent::answer.eq(&sent.answer),
    );
    diesel::insert_into(filing_sent::table).values(row).execute(conn)?;
    Ok(n)
}

type SentRow = (i64, String, Option<i64>, String);

fn sent(id: RemittanceId, (at, url, status, answer): SentRow) -> Result<FilingSent, StoreError> {
    let name = id.to_string();
    let row = Row::new("filing_sent", &name);
    let status = status.map(|status| row.number("status", status)).transpose()?;
    Ok(FilingSent { remittance: id, at: row.time("at", at)?, url, status, answer })
}

/// One time that a return was sent.
pub(crate) fn filing_sent_get(
    conn: &mut Connection,
    id: RemittanceId,
    n: i64,
) -> Result<Option<FilingSent>, StoreError> {
    let found: Option<SentRow> = filing_sent::table
        .find((id.to_string(), n))
        .select((filing_sent::at, filing_sent::url, filing_sent::status, filing_sent::answer))
        .first(conn)
        .optional()?;
    found.map(|row| sent(id, row)).transpose()
}

/// The newest times that a return was sent, newest first.
pub fn filing_sent_list(
    conn: &mut Connection,
    id: RemittanceId,
    limit: i64,
) -> Result<Vec<FilingSent>, StoreError> {
    let rows: Vec<SentRow> = filing_sent::table
        .filter(filing_sent::remittance.eq(id.to_string()))
        .order(filing_sent::n.desc())
        .limit(limit)
        .select((filing_sent::at, filing_sent::url, filing_sent::status, filing_sent::answer))
        .load(conn)?;
    rows.into_iter().map(|row| sent(id, row)).collect()
}
