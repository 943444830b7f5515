//! The currency role across the border.

use std::marker::PhantomData;

use purser_money::{Currency, Leg, LegRounding, Money, Operation, Rate};

use super::{Conversion, Feed, Policy, Quoted, RateTable, Rates};
use crate::{
    Error,
    bindings::{currency::exports::purser::plugin::currency as raw, wire},
    date::parse_date,
    log,
};

/// `T` as the contract sees it.
pub struct Exported<T>(PhantomData<T>);

impl<T: Rates> raw::Guest for Exported<T> {
    fn describe() -> wire::Description {
        log::panics();
        T::describe().into()
    }

    fn feeds() -> Vec<raw::Feed> {
        log::panics();
        let feed = |Feed { id, url, media_type, every_minutes }| raw::Feed {
            id,
            url,
            media_type,
            every_minutes,
        };
        T::feeds().into_iter().map(feed).collect()
    }

    fn read_feed(feed: String, bytes: Vec<u8>) -> Result<Vec<raw::RateTable>, wire::Error> {
        log::panics();
        Ok(T::read_feed(&feed, &bytes)?.into_iter().map(raw::RateTable::from).collect())
    }

    fn convert(
        amount: wire::Money,
        to: String,
        table: raw::RateTable,
        policy: raw::Policy,
    ) -> Result<raw::Conversion, wire::Error> {
        log::panics();
        let amount = Money::try_from(amount).map_err(|error| error.at("amount"))?;
        let to = Currency::parse(&to).map_err(|error| Error::from(error).at("to"))?;
        let table = RateTable::try_from(table)?;
        let policy = Policy::try_from(policy)?;
        Ok(T::convert(amount, to, &table, &policy)?.into())
    }
}

impl From<RateTable> for raw::RateTable {
    fn from(table: RateTable) -> Self {
        let quoted = |quoted: Quoted| raw::Quoted {
            currency: quoted.currency.code().to_owned(),
            rate: quoted.rate.into(),
        };
        Self {
            source: table.source,
            as_of: table.as_of.to_string(),
            base: table.base.code().to_owned(),
            rates: table.rates.into_iter().map(quoted).collect(),
            attributes: table.attributes,
        }
    }
}

impl TryFrom<raw::RateTable> for RateTable {
    type Error = Error;

    fn try_from(table: raw::RateTable) -> Result<Self, Error> {
        let quoted = |raw: raw::Quoted| {
            Ok(Quoted {
                currency: Currency::parse(&raw.currency)?,
                rate: Rate::try_from(raw.rate)?,
            })
        };
        let rates = table.rates.into_iter().map(quoted).collect::<Result<_, Error>>();
        Ok(Self {
            source: table.source,
            as_of: parse_date(&table.as_of).map_err(|error| error.at("table.as-of"))?,
            base: Currency::parse(&table.base)
                .map_err(|error| Error::from(error).at("table.base"))?,
            rates: rates.map_err(|error| error.at("table.rates"))?,
            attributes: table.attributes,
        })
    }
}

impl TryFrom<raw::Policy> for Policy {
    type Error = Error;

    fn try_from(policy: raw::Policy) -> Result<Self, Error> {
        Ok(Self {
            today: parse_date(&policy.today).map_err(|error| error.at("policy.today"))?,
            max_age_days: policy.max_age_days,
            mode: policy.mode.into(),
        })
    }
}

impl From<Conversion> for raw::Conversion {
    fn from(conversion: Conversion) -> Self {
        Self {
            legs: conversion.legs.into_iter().map(raw::Leg::from).collect(),
            converted: conversion.converted.into(),
            source: conversion.source,
            as_of: conversion.as_of.to_string(),
            valid_until: conversion.valid_until.to_string(),
        }
    }
}

impl From<Leg> for raw::Leg {
    fn from(leg: Leg) -> Self {
        let round =
            |LegRounding { decimals, mode }| raw::LegRounding { decimals, mode: mode.into() };
        Self {
            operation: match leg.operation {
                Operation::Multiply => raw::Operation::Multiply,
                Operation::Divide => raw::Operation::Divide,
            },
            rate: leg.rate.into(),
            then_round: leg.then_round.map(round),
        }
    }
}
