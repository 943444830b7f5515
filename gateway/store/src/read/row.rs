//! Columns into values. What the gateway wrote parses; anything else is named and refused.

use std::{str::FromStr, time::Duration};

use purser_core::{
    Date, Timestamp,
    money::{Currency, Money},
    place::Place,
};
use serde::{Serialize, de::DeserializeOwned};

use crate::StoreError;

/// Where times begin.
const EPOCH: Date = Date::constant(1970, 1, 1);
const DAY_S: u64 = 86_400;

/// Which row is being read, for the error that says which of its columns does not parse.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a> {
    table: &'static str,
    id: &'a str,
}

impl<'a> Row<'a> {
    pub(crate) const fn new(table: &'static str, id: &'a str) -> Self {
        Self { table, id }
    }

    /// The error of a column that does not parse.
    pub(crate) fn fault(self, column: &'static str) -> StoreError {
        StoreError::corrupt(self.table, format_args!("{column} of {}", self.id))
    }

    /// An id, a rate, a date: what has one text form.
    pub(crate) fn parse<T: FromStr>(
        self,
        column: &'static str,
        text: &str,
    ) -> Result<T, StoreError> {
        text.parse().map_err(|_| self.fault(column))
    }

    pub(crate) fn time(self, column: &'static str, micros: i64) -> Result<Timestamp, StoreError> {
        Timestamp::from_microsecond(micros).map_err(|_| self.fault(column))
    }

    pub(crate) fn time_if(
        self,
        column: &'static str,
        micros: Option<i64>,
    ) -> Result<Option<Timestamp>, StoreError> {
        micros.map(|micros| self.time(column, micros)).transpose()
    }

    /// A day, as the number of days since 1970.
    pub(crate) fn day(self, column: &'static str, days: i64) -> Result<Date, StoreError> {
        let seconds = u64::try_from(days).ok().and_then(|days| days.checked_mul(DAY_S));
        let since = seconds.map(Duration::from_secs).ok_or_else(|| self.fault(column))?;
        EPOCH.checked_add(since).map_err(|_| self.fault(column))
    }

    pub(crate) fn currency(self, column: &'static str, code: &str) -> Result<Currency, StoreError> {
        Currency::parse(code).map_err(|_| self.fault(column))
    }

    pub(crate) fn place(self, column: &'static str, text: &str) -> Result<Place, StoreError> {
        Place::parse(text).map_err(|_| self.fault(column))
    }

    pub(crate) fn money(
        self,
        column: &'static str,
        minor: i64,
        code: &str,
    ) -> Result<Money, StoreError> {
        Ok(Money::new(minor, self.currency(column, code)?))
    }

    pub(crate) fn number<T: TryFrom<i64>>(
        self,
        column: &'static str,
        number: i64,
    ) -> Result<T, StoreError> {
        number.try_into().map_err(|_| self.fault(column))
    }

    pub(crate) fn bytes<const N: usize>(
        self,
        column: &'static str,
        bytes: &[u8],
    ) -> Result<[u8; N], StoreError> {
        bytes.try_into().map_err(|_| self.fault(column))
    }

    pub(crate) fn json<T: DeserializeOwned>(
        self,
        column: &'static str,
        text: &str,
    ) -> Result<T, StoreError> {
        serde_json::from_str(text).map_err(|_| self.fault(column))
    }
}

/// The JSON text that a column keeps.
pub(crate) fn json_text(value: &impl Serialize) -> Result<String, StoreError> {
    let fault = |error| diesel::result::Error::SerializationError(Box::new(error));
    Ok(serde_json::to_string(value).map_err(fault)?)
}
