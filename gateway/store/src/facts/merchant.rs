//! Merchants.

use diesel::prelude::*;
use purser_core::{
    Timestamp, account::Taxpayer, ids::MerchantId, money::Percent, place::Place, tax::Registration,
};

use crate::{
    Connection, StoreError,
    read::row::{Row, json_text},
    schema::merchant,
};

/// A merchant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merchant {
    /// Its name in the books.
    pub id: MerchantId,
    /// Its name to people.
    pub name: String,
    /// Where it sells from.
    pub country: Place,
    /// The gateway's fee, of an item's net.
    pub fee_percent: Percent,
    /// Who owes the taxes of its sales.
    pub taxpayer: Taxpayer,
    /// Where the taxpayer is registered.
    pub registrations: Vec<Registration>,
    /// The origins that buyers may be sent back to.
    pub return_origins: Vec<String>,
    /// When it was signed up.
    pub created_at: Timestamp,
    /// How it sells postage, if it does.
    pub stamps: Option<StampTerms>,
}

/// How a merchant sells postage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StampTerms {
    /// The plugin that knows its stamps, by name.
    pub plugin: String,
    /// How long the money for a stamp that is given back is held, for scans that come late.
    pub void_hold_days: u32,
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = merchant, treat_none_as_null = true)]
struct MerchantRow {
    id: String,
    name: String,
    country: String,
    fee_percent: String,
    taxpayer: String,
    registrations: String,
    return_origins: String,
    created_at: i64,
    stamps_plugin: Option<String>,
    void_hold_days: Option<i64>,
}

impl MerchantRow {
    fn of(merchant: &Merchant) -> Result<Self, StoreError> {
        Ok(Self {
            id: merchant.id.to_string(),
            name: merchant.name.clone(),
            country: merchant.country.to_string(),
            fee_percent: merchant.fee_percent.to_string(),
            taxpayer: merchant.taxpayer.to_string(),
            registrations: json_text(&merchant.registrations)?,
            return_origins: json_text(&merchant.return_origins)?,
            created_at: merchant.created_at.as_microsecond(),
            stamps_plugin: merchant.stamps.as_ref().map(|terms| terms.plugin.clone()),
            void_hold_days: merchant.stamps.as_ref().map(|terms| terms.void_hold_days.into()),
        })
    }

    fn read(self) -> Result<Merchant, StoreError> {
        let row = Row::new("merchant", &self.id);
        let days = row.number("void_hold_days", self.void_hold_days.unwrap_or(0))?;
        let terms = |plugin| StampTerms { plugin, void_hold_days: days };
        Ok(Merchant {
            id: row.parse("id", &self.id)?,
            country: row.place("country", &self.country)?,
            fee_percent: row.parse("fee_percent", &self.fee_percent)?,
            taxpayer: row.parse("taxpayer", &self.taxpayer)?,
            registrations: row.json("registrations", &self.registrations)?,
            return_origins: row.json("return_origins", &self.return_origins)?,
            created_at: row.time("created_at", self.created_at)?,
            name: self.name,
            stamps: self.stamps_plugin.map(terms),
        })
    }
}

/// Signs a merchant up.
pub fn merchant_insert(conn: &mut Connection, new: &Merchant) -> Result<(), StoreError> {
    diesel::insert_into(merchant::table).values(MerchantRow::of(new)?).execute(conn)?;
    Ok(())
}

/// Writes what was changed of a merchant; false if there is no such merchant. Its sales, their taxes and receipts stay as
/// they were made.
pub fn merchant_update(conn: &mut Connection, changed: &Merchant) -> Result<bool, StoreError> {
    let row = MerchantRow::of(changed)?;
    let of_id = merchant::table.find(row.id.clone());
    Ok(diesel::update(of_id).set(&row).execute(conn)? > 0)
}

/// A merchant.
pub fn merchant_get(conn: &mut Connection, id: MerchantId) -> Result<Option<Merchant>, StoreError> {
    let found = merchant::table.find(id.to_string()).select(MerchantRow::as_select());
    found.first(conn).optional()?.map(MerchantRow::read).transpose()
}

/// The merchants that sell postage, by name.
pub fn vendor_list(conn: &mut Connection) -> Result<Vec<Merchant>, StoreError> {
    let rows: Vec<MerchantRow> = merchant::table
        .filter(merchant::stamps_plugin.is_not_null())
        .order((merchant::name, merchant::id))
        .select(MerchantRow::as_select())
        .load(conn)?;
    rows.into_iter().map(MerchantRow::read).collect()
}

/// All merchants, newest first.
pub fn merchant_list(conn: &mut Connection) -> Result<Vec<Merchant>, StoreError> {
    let rows: Vec<MerchantRow> = merchant::table
        .order((merchant::created_at.desc(), merchant::id.desc()))
        .select(MerchantRow::as_select())
        .load(conn)?;
    rows.into_iter().map(MerchantRow::read).collect()
}
