//! Stamps: what was sold, and what became of it.

use diesel::prelude::*;
use purser_core::{
    Timestamp,
    ids::{AccountId, ItemId, StampId},
    money::Currency,
    stamp::{Issue, Seen, Stamp, StampRecord, StampState, Use, register::Register},
};

use super::{
    page::{Page, Paged},
    row::{Row, json_text},
};
use crate::{
    Connection, StoreError,
    schema::{stamp, stamp_register},
};

/// The status of a stamp whose void is held back, as `Use::name` has it.
pub(crate) const VOID_PENDING: &str = "void-pending";

/// A row of `stamp`.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = stamp, treat_none_as_default_value = false)]
pub(crate) struct StampRow {
    pub(crate) id: String,
    pub(crate) account: String,
    pub(crate) vendor: String,
    pub(crate) vendor_number: i64,
    pub(crate) key_id: i64,
    pub(crate) item: String,
    pub(crate) at: i64,
    pub(crate) price: i64,
    pub(crate) currency: String,
    pub(crate) service: String,
    pub(crate) expires_on: String,
    pub(crate) piece: i64,
    pub(crate) ascending: i64,
    pub(crate) descending: i64,
    pub(crate) item_serial: i64,
    pub(crate) ordered: String,
    #[diesel(embed)]
    pub(crate) state: StateRow,
}

/// The columns of `stamp` that change.
#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = stamp, treat_none_as_default_value = false, treat_none_as_null = true)]
pub(crate) struct StateRow {
    pub(crate) status: String,
    pub(crate) issue: Option<String>,
    pub(crate) indicium: Option<Vec<u8>>,
    pub(crate) failure: Option<String>,
    pub(crate) seen_at: Option<i64>,
    pub(crate) seen_place: Option<String>,
    pub(crate) asked_at: Option<i64>,
    pub(crate) due_at: Option<i64>,
}

impl StampRow {
    /// The row of a stamp that is being issued.
    pub(crate) fn issuing(record: &StampRecord) -> Result<Self, StoreError> {
        let fault = |column| Row::new("stamp", &record.service).fault(column);
        let number = |column, number: u64| i64::try_from(number).map_err(|_| fault(column));
        Ok(Self {
            id: record.id.to_string(),
            account: record.account.to_string(),
            vendor: record.vendor.to_string(),
            vendor_number: record.vendor_number.into(),
            key_id: record.key_id.into(),
            item: record.item.to_string(),
            at: record.at.as_microsecond(),
            price: record.price.minor(),
            currency: record.price.currency().code().to_owned(),
            service: record.service.clone(),
            expires_on: record.expires_on.to_string(),
            piece: number("piece", record.piece)?,
            ascending: number("ascending", record.ascending)?,
            descending: number("descending", record.descending)?,
            item_serial: record.item_serial.into(),
            ordered: record.order.clone(),
            state: StateRow::of(&StampState::Issuing, record.at)?,
        })
    }

    pub(crate) fn read(self) -> Result<Stamp, StoreError> {
        let row = Row::new("stamp", &self.id);
        let record = StampRecord {
            id: row.parse("id", &self.id)?,
            account: row.parse("account", &self.account)?,
            vendor: row.parse("vendor", &self.vendor)?,
            vendor_number: row.number("vendor_number", self.vendor_number)?,
            key_id: row.number("key_id", self.key_id)?,
            item: row.parse("item", &self.item)?,
            at: row.time("at", self.at)?,
            price: row.money("currency", self.price, &self.currency)?,
            service: self.service,
            expires_on: row.parse("expires_on", &self.expires_on)?,
            piece: row.number("piece", self.piece)?,
            ascending: row.number("ascending", self.ascending)?,
            descending: row.number("descending", self.descending)?,
            item_serial: row.number("item_serial", self.item_serial)?,
            order: self.ordered,
        };
        Ok(Stamp { state: self.state.read(row)?, record })
    }
}

impl StateRow {
    /// The columns of a state, for a stamp that was sold at `at`.
    pub(crate) fn of(state: &StampState, at: Timestamp) -> Result<Self, StoreError> {
        let status = |status: &str| Self {
            status: status.to_owned(),
            issue: None,
            indicium: None,
            failure: None,
            seen_at: None,
            seen_place: None,
            asked_at: None,
            due_at: None,
        };
        let (issue, used) = match state {
            StampState::Issuing => {
                return Ok(Self { due_at: Some(at.as_microsecond()), ..status("issuing") });
            }
            StampState::Failed(failure) => {
                return Ok(Self { failure: Some(json_text(failure)?), ..status("failed") });
            }
            StampState::Issued(issue, used) => (issue, used),
        };
        let issued = Self {
            issue: Some(json_text(&issue)?),
            indicium: Some(issue.indicium.clone()),
            ..status(used.name())
        };
        Ok(match used {
            Use::Unused | Use::Void => issued,
            Use::Used(seen) => Self {
                seen_at: Some(seen.at.as_microsecond()),
                seen_place: seen.place.clone(),
                ..issued
            },
            Use::VoidPending { asked_at, due_at } => Self {
                asked_at: Some(asked_at.as_microsecond()),
                due_at: Some(due_at.as_microsecond()),
                ..issued
            },
        })
    }

    fn read(self, row: Row<'_>) -> Result<StampState, StoreError> {
        let time =
            |column, at: Option<i64>| row.time_if(column, at)?.ok_or_else(|| row.fault(column));
        let used = match self.status.as_str() {
            "issuing" => return Ok(StampState::Issuing),
            "failed" => {
                let failure = self.failure.ok_or_else(|| row.fault("failure"))?;
                return Ok(StampState::Failed(row.json("failure", &failure)?));
            }
            "issued" => Use::Unused,
            "used" => {
                Use::Used(Seen { at: time("seen_at", self.seen_at)?, place: self.seen_place })
            }
            VOID_PENDING => Use::VoidPending {
                asked_at: time("asked_at", self.asked_at)?,
                due_at: time("due_at", self.due_at)?,
            },
            "void" => Use::Void,
            _ => return Err(row.fault("status")),
        };
        let issue = self.issue.ok_or_else(|| row.fault("issue"))?;
        let issue: Issue = row.json("issue", &issue)?;
        let indicium = self.indicium.ok_or_else(|| row.fault("indicium"))?;
        Ok(StampState::Issued(Box::new(Issue { indicium, ..issue }), used))
    }
}

/// A stamp, whoever bought it.
pub fn stamp_get(conn: &mut Connection, id: StampId) -> Result<Option<Stamp>, StoreError> {
    let found = stamp::table.find(id.to_string()).select(StampRow::as_select());
    found.first(conn).optional()?.map(StampRow::read).transpose()
}

/// The stamp that an item is, if it is one.
pub fn stamp_of_item(conn: &mut Connection, item: ItemId) -> Result<Option<Stamp>, StoreError> {
    let found = stamp::table.filter(stamp::item.eq(item.to_string())).select(StampRow::as_select());
    found.first(conn).optional()?.map(StampRow::read).transpose()
}

/// The stamp that was printed as these bytes: of several the one that was sold first, as every other is a copy of it.
pub fn stamp_by_indicium(
    conn: &mut Connection,
    indicium: &[u8],
) -> Result<Option<Stamp>, StoreError> {
    let found = stamp::table
        .filter(stamp::indicium.eq(indicium))
        .order((stamp::at, stamp::id))
        .select(StampRow::as_select());
    found.first(conn).optional()?.map(StampRow::read).transpose()
}

/// A buyer's stamps.
pub fn stamps_page(
    conn: &mut Connection,
    account: AccountId,
    page: &Page,
) -> Result<Paged<Stamp>, StoreError> {
    let account = account.to_string();
    let seen = |id: &str| {
        let of_account = stamp::table.find(id).filter(stamp::account.eq(&account));
        of_account.select(stamp::at).first(conn).optional()
    };
    let Some((at, id)) = page.start(seen)? else { return Ok(Paged::empty()) };
    let rows: Vec<StampRow> = stamp::table
        .filter(stamp::account.eq(&account))
        .filter(stamp::at.le(at).and(stamp::at.lt(at).or(stamp::id.lt(id))))
        .order((stamp::at.desc(), stamp::id.desc()))
        .limit(page.fetch())
        .select(StampRow::as_select())
        .load(conn)?;
    page.of(rows, |row| row.id.clone()).try_map(StampRow::read)
}

/// A buyer's own stamps of these names, in their order, as far as they are there.
pub fn stamps_of(
    conn: &mut Connection,
    account: AccountId,
    ids: &[StampId],
) -> Result<Vec<Stamp>, StoreError> {
    let mut stamps = Vec::with_capacity(ids.len());
    for id in ids {
        stamps.extend(stamp_get(conn, *id)?.filter(|stamp| stamp.record.account == account));
    }
    Ok(stamps)
}

/// Stamps that are to be looked at again, because they are still `issuing` or a void is due.
pub fn stamps_due(
    conn: &mut Connection,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<Stamp>, StoreError> {
    let rows: Vec<StampRow> = stamp::table
        .filter(stamp::due_at.le(now.as_microsecond()))
        .order(stamp::due_at)
        .limit(limit)
        .select(StampRow::as_select())
        .load(conn)?;
    rows.into_iter().map(StampRow::read).collect()
}

/// A row of `stamp_register`.
#[derive(Queryable, Selectable)]
#[diesel(table_name = stamp_register)]
pub(crate) struct RegisterRow {
    pub(crate) vendor: String,
    currency: String,
    pieces: i64,
    ascending: i64,
    descending: i64,
    loaded: i64,
}

impl RegisterRow {
    pub(crate) fn read(&self) -> Result<(Currency, Register), StoreError> {
        let row = Row::new("stamp_register", &self.vendor);
        let register = Register {
            pieces: row.number("pieces", self.pieces)?,
            ascending: row.number("ascending", self.ascending)?,
            descending: row.number("descending", self.descending)?,
            loaded: row.number("loaded", self.loaded)?,
        };
        Ok((row.currency("currency", &self.currency)?, register))
    }
}
