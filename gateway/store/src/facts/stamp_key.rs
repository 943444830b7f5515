//! Vendors of stamps, and the keys that their stamps are signed with. Changed through `Store::change_facts`, in which
//! changes wait for each other: so numbers are given without gaps.

use diesel::{dsl::max, prelude::*};
use purser_core::{Timestamp, ids::MerchantId};

use crate::{
    Connection, StoreError,
    read::row::Row,
    schema::{stamp_key, stamp_vendor},
};

/// A key of a vendor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StampKey {
    /// Names it in every stamp.
    pub id: u32,
    /// Whose.
    pub vendor: MerchantId,
    /// The vendor's number at this gateway.
    pub vendor_number: u32,
    /// What anyone checks full symbols with.
    pub public: [u8; 32],
    /// The encrypted secrets.
    pub secret: Vec<u8>,
    /// From when on it signs.
    pub created_at: Timestamp,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = stamp_key)]
struct StampKeyRow {
    id: i64,
    vendor: String,
    public: Vec<u8>,
    secret: Vec<u8>,
    created_at: i64,
}

impl StampKeyRow {
    fn read(self, number: i64) -> Result<StampKey, StoreError> {
        let row = Row::new("stamp_key", &self.vendor);
        Ok(StampKey {
            id: row.number("id", self.id)?,
            vendor: row.parse("vendor", &self.vendor)?,
            vendor_number: row.number("number", number)?,
            public: row.bytes("public", &self.public)?,
            created_at: row.time("created_at", self.created_at)?,
            secret: self.secret,
        })
    }
}

/// Gives a merchant a number as a vendor, from 1, and empty registers.
pub fn vendor_insert(conn: &mut Connection, merchant: MerchantId) -> Result<(), StoreError> {
    let last: Option<i64> = stamp_vendor::table.select(max(stamp_vendor::number)).first(conn)?;
    let row = (
        stamp_vendor::merchant.eq(merchant.to_string()),
        stamp_vendor::number.eq(last.unwrap_or(0).saturating_add(1)),
        stamp_vendor::items.eq(0_i64),
    );
    diesel::insert_into(stamp_vendor::table).values(row).execute(conn)?;
    Ok(())
}

/// Gives a vendor a new key, which signs from now on, and tells its name.
pub fn stamp_key_insert(
    conn: &mut Connection,
    vendor: MerchantId,
    (public, secret): (&[u8; 32], &[u8]),
    at: Timestamp,
) -> Result<u32, StoreError> {
    let last: Option<i64> = stamp_key::table.select(max(stamp_key::id)).first(conn)?;
    let id = last.unwrap_or(0).saturating_add(1);
    let row = (
        stamp_key::id.eq(id),
        stamp_key::vendor.eq(vendor.to_string()),
        stamp_key::public.eq(public.as_slice()),
        stamp_key::secret.eq(secret),
        stamp_key::created_at.eq(at.as_microsecond()),
    );
    diesel::insert_into(stamp_key::table).values(row).execute(conn)?;
    Row::new("stamp_key", "the newest").number("id", id)
}

/// Keys with the numbers of their vendors, as a query to be filtered and ordered.
macro_rules! keys {
    () => {
        stamp_key::table
            .inner_join(stamp_vendor::table.on(stamp_vendor::merchant.eq(stamp_key::vendor)))
            .select((StampKeyRow::as_select(), stamp_vendor::number))
    };
}

type Found = (StampKeyRow, i64);

/// The key of that name.
pub fn stamp_key_get(conn: &mut Connection, id: u32) -> Result<Option<StampKey>, StoreError> {
    let found: Option<Found> =
        keys!().filter(stamp_key::id.eq(i64::from(id))).first(conn).optional()?;
    found.map(|(row, number)| row.read(number)).transpose()
}

/// The key that signs a vendor's stamps: its newest.
pub fn stamp_key_newest(
    conn: &mut Connection,
    vendor: MerchantId,
) -> Result<Option<StampKey>, StoreError> {
    let found: Option<Found> = keys!()
        .filter(stamp_key::vendor.eq(vendor.to_string()))
        .order(stamp_key::id.desc())
        .first(conn)
        .optional()?;
    found.map(|(row, number)| row.read(number)).transpose()
}

/// How many keys a vendor has.
pub fn stamp_key_count(conn: &mut Connection, vendor: MerchantId) -> Result<i64, StoreError> {
    let own = stamp_key::table.filter(stamp_key::vendor.eq(vendor.to_string()));
    Ok(own.count().get_result(conn)?)
}

/// All keys, the oldest first.
pub fn stamp_key_list(conn: &mut Connection) -> Result<Vec<StampKey>, StoreError> {
    let found: Vec<Found> = keys!().order(stamp_key::id).load(conn)?;
    found.into_iter().map(|(row, number)| row.read(number)).collect()
}
