//! Registers, stamps and scans into rows: the same values for both databases.

use diesel::prelude::*;
use purser_core::{
    ids::MerchantId,
    money::Currency,
    stamp::{Stamp, record::ScanRecord, register::Register},
};

use super::rows::micros;
use crate::{
    StoreError,
    read::{row::Row, stamp::StateRow},
    schema::{stamp_register, stamp_scan},
};

/// A register as it is now.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = stamp_register)]
pub(super) struct RegisterChange {
    #[diesel(skip_update)]
    pub(super) vendor: String,
    #[diesel(skip_update)]
    pub(super) currency: &'static str,
    pub(super) pieces: i64,
    pub(super) ascending: i64,
    pub(super) descending: i64,
    pub(super) loaded: i64,
}

impl RegisterChange {
    pub(super) fn new(
        merchant: MerchantId,
        currency: Currency,
        register: &Register,
    ) -> Result<Self, StoreError> {
        let vendor = merchant.to_string();
        let number = |column, number: u64| {
            i64::try_from(number).map_err(|_| Row::new("stamp_register", &vendor).fault(column))
        };
        Ok(Self {
            currency: currency.code(),
            pieces: number("pieces", register.pieces)?,
            ascending: number("ascending", register.ascending)?,
            descending: number("descending", register.descending)?,
            loaded: number("loaded", register.loaded)?,
            vendor,
        })
    }
}

/// What became of a stamp.
pub(super) struct StampChange {
    pub(super) id: String,
    pub(super) state: StateRow,
}

impl StampChange {
    pub(super) fn new(stamp: &Stamp) -> Result<Self, StoreError> {
        let state = StateRow::of(&stamp.state, stamp.record.at)?;
        Ok(Self { id: stamp.record.id.to_string(), state })
    }
}

#[derive(Insertable)]
#[diesel(table_name = stamp_scan, treat_none_as_default_value = false)]
pub(super) struct ScanRow<'a> {
    pub(super) id: String,
    pub(super) stamp: String,
    pub(super) at: i64,
    pub(super) scanned_at: i64,
    pub(super) place: Option<&'a str>,
    pub(super) scanner: String,
    pub(super) verdict: &'static str,
}

impl<'a> ScanRow<'a> {
    pub(super) fn new(scan: &'a ScanRecord) -> Self {
        Self {
            id: scan.id.to_string(),
            stamp: scan.stamp.to_string(),
            at: micros(scan.at),
            scanned_at: micros(scan.scanned_at),
            place: scan.place.as_deref(),
            scanner: scan.scanner.to_string(),
            verdict: scan.verdict.name(),
        }
    }
}
