//! The domain's types to the contract's records and back. What comes back is read like any other input: dates,
//! currencies, decimals and lengths are checked here; whether the money is right, `purser_core` decides.

use jiff::civil::Date;
use purser_core::{
    place::Place,
    rate::{Conversion, ConversionPolicy, RateTable},
    tax::{Assessed, Assessment, Line, Registration, Sale},
    text::is_plain,
};
use purser_money::{
    Currency, Leg, LegRounding, Money, MoneyError, Operation, Percent, Rate, Rounding,
};

use crate::{fault::CallError, wire};

pub(crate) mod http;
pub(crate) mod stamps;
pub(crate) mod webhook;

/// Taxes of one document, lines of one tax, legs of one conversion, feeds of one plugin, currencies of one table:
/// more of any than there can be, so that what follows is short work.
const LIST_MAX: usize = 1000;

/// Days in one file: the European Central Bank's whole history since 1999 is 7,000.
const TABLES_MAX: usize = 10_000;

/// Names, codes and identifiers.
const TEXT_CHARS_MAX: usize = 200;

/// The law behind an assessment, a sentence or two; the address of a feed.
const LONG_TEXT_CHARS_MAX: usize = 2000;

/// The operator's configuration, as every record of a plugin carries it.
pub(crate) fn attributes(config: Option<&str>) -> wire::Attributes {
    config.map(|config| ("config".to_owned(), config.to_owned())).into_iter().collect()
}

pub(crate) fn sale(sale: &Sale, config: Option<&str>) -> wire::Sale {
    let lines = (1..).zip(&sale.lines).map(|(id, line)| self::line(id, line));
    wire::Sale {
        date: sale.date.to_string(),
        currency: sale.currency.code().to_owned(),
        seller: place(&sale.seller),
        registrations: sale.registrations.iter().map(registration).collect(),
        buyer: place(&sale.buyer),
        buyer_tax_id: sale.buyer_tax_id.clone(),
        lines: lines.collect(),
        attributes: attributes(config),
    }
}

/// An item of an offer is one piece: its price is the price of the line.
fn line(id: u32, line: &Line) -> wire::Line {
    wire::Line {
        id,
        category: line.category.name().to_owned(),
        quantity: 1,
        amount: money(line.amount),
        tax_inclusive: line.tax_inclusive,
        attributes: Vec::new(),
    }
}

fn registration(registration: &Registration) -> wire::Registration {
    let Registration { authority, scheme, number } = registration.clone();
    wire::Registration { authority, scheme, number }
}

fn place(place: &Place) -> wire::Place {
    wire::Place {
        country: place.country().to_owned(),
        subdivision: place.subdivision().map(str::to_owned),
    }
}

pub(crate) fn money(money: Money) -> wire::Money {
    wire::Money { minor: money.minor(), currency: money.currency().code().to_owned() }
}

pub(crate) fn rate_table(table: &RateTable, config: Option<&str>) -> wire::RateTable {
    let quoted = |(currency, rate): &(Currency, Rate)| wire::Quoted {
        currency: currency.code().to_owned(),
        rate: decimal(rate.parts()),
    };
    wire::RateTable {
        source: table.source.clone(),
        as_of: table.as_of.to_string(),
        base: table.base.code().to_owned(),
        rates: table.rates.iter().map(quoted).collect(),
        attributes: attributes(config),
    }
}

pub(crate) fn policy(policy: &ConversionPolicy) -> wire::Policy {
    wire::Policy {
        today: policy.today.to_string(),
        max_age_days: policy.max_age_days,
        mode: rounding_mode(policy.rounding),
    }
}

pub(crate) fn decimal((mantissa, scale): (i64, u8)) -> wire::Decimal {
    wire::Decimal { mantissa, scale }
}

const fn rounding_mode(rounding: Rounding) -> wire::RoundingMode {
    match rounding {
        Rounding::HalfUp => wire::RoundingMode::HalfUp,
        Rounding::HalfEven => wire::RoundingMode::HalfEven,
        Rounding::HalfDown => wire::RoundingMode::HalfDown,
        Rounding::Down => wire::RoundingMode::Down,
        Rounding::Up => wire::RoundingMode::Up,
    }
}

const fn read_rounding(mode: wire::RoundingMode) -> Rounding {
    match mode {
        wire::RoundingMode::HalfUp => Rounding::HalfUp,
        wire::RoundingMode::HalfEven => Rounding::HalfEven,
        wire::RoundingMode::HalfDown => Rounding::HalfDown,
        wire::RoundingMode::Down => Rounding::Down,
        wire::RoundingMode::Up => Rounding::Up,
    }
}

/// An answer that breaks the contract, and where.
pub(crate) type Read<T> = Result<T, CallError>;

pub(crate) fn read_assessment(assessment: wire::Assessment) -> Read<Assessment> {
    let wire::Assessment { taxes, rounding, law } = assessment;
    within("taxes", taxes.len(), LIST_MAX)?;
    if rounding.decimals > 18 {
        return Err(CallError::bad_output("rounding.decimals: more than 18"));
    }
    Ok(Assessment {
        taxes: taxes.into_iter().map(read_assessed).collect::<Read<_>>()?,
        rounding_decimals: rounding.decimals,
        law: long("law", law)?,
    })
}

fn read_assessed(assessed: wire::Assessed) -> Read<Assessed> {
    within("lines", assessed.lines.len(), LIST_MAX)?;
    let wire::Decimal { mantissa, scale } = assessed.rate;
    Ok(Assessed {
        name: short("name", assessed.name)?,
        jurisdiction: short("jurisdiction", assessed.jurisdiction)?,
        authority: short("authority", assessed.authority)?,
        category: short("category", assessed.category)?,
        reason: short("reason", assessed.reason)?,
        rate: Percent::from_parts(mantissa, scale).map_err(at("rate"))?,
        base: read_money("base", &assessed.base)?,
        tax: read_money("tax", &assessed.tax)?,
        lines: assessed.lines,
    })
}

/// A currency that ISO 4217 does not know is left out of the table: a feed's history names ones that are no more,
/// and tomorrow's may name a new one.
pub(crate) fn read_rate_table(table: &wire::RateTable) -> Read<RateTable> {
    within("rates", table.rates.len(), LIST_MAX)?;
    let known = table
        .rates
        .iter()
        .filter_map(|quoted| Some((Currency::parse(&quoted.currency).ok()?, quoted.rate)));
    let rate = |(currency, wire::Decimal { mantissa, scale })| {
        Ok((currency, Rate::from_parts(mantissa, scale).map_err(at("rate"))?))
    };
    Ok(RateTable {
        source: short("source", table.source.clone())?,
        as_of: date("as-of", &table.as_of)?,
        base: currency("base", &table.base)?,
        rates: known.map(rate).collect::<Read<_>>()?,
    })
}

pub(crate) fn read_rate_tables(tables: &[wire::RateTable]) -> Read<Vec<RateTable>> {
    within("tables", tables.len(), TABLES_MAX)?;
    tables.iter().map(read_rate_table).collect()
}

pub(crate) fn read_conversion(conversion: &wire::Conversion) -> Read<Conversion> {
    within("legs", conversion.legs.len(), LIST_MAX)?;
    Ok(Conversion {
        legs: conversion.legs.iter().map(read_leg).collect::<Read<_>>()?,
        converted: read_money("converted", &conversion.converted)?,
        source: short("source", conversion.source.clone())?,
        as_of: date("as-of", &conversion.as_of)?,
        valid_until: date("valid-until", &conversion.valid_until)?,
    })
}

fn read_leg(leg: &wire::Leg) -> Read<Leg> {
    let operation = match leg.operation {
        wire::Operation::Multiply => Operation::Multiply,
        wire::Operation::Divide => Operation::Divide,
    };
    let then_round = leg
        .then_round
        .map(|round| LegRounding { decimals: round.decimals, mode: read_rounding(round.mode) });
    let wire::Decimal { mantissa, scale } = leg.rate;
    Ok(Leg {
        operation,
        rate: Rate::from_parts(mantissa, scale).map_err(at("legs.rate"))?,
        then_round,
    })
}

pub(crate) fn read_money(field: &'static str, money: &wire::Money) -> Read<Money> {
    Ok(Money::new(money.minor, currency(field, &money.currency)?))
}

pub(crate) fn currency(field: &'static str, code: &str) -> Read<Currency> {
    Currency::parse(code).map_err(at(field))
}

pub(crate) fn date(field: &'static str, text: &str) -> Read<Date> {
    // Only YYYY-MM-DD: jiff alone would also take a time of day with it.
    let plain = text.len() == 10;
    let date = plain.then(|| text.parse().ok()).flatten();
    date.ok_or_else(|| CallError::bad_output(format!("{field}: a date is YYYY-MM-DD")))
}

pub(crate) fn text(field: &'static str, text: String, chars_max: usize) -> Read<String> {
    if !is_plain(&text, chars_max) {
        let problem = format!("{field}: over {chars_max} characters, or not printable");
        return Err(CallError::bad_output(problem));
    }
    Ok(text)
}

/// A short text: a name, a code, an identifier.
pub(crate) fn short(field: &'static str, value: String) -> Read<String> {
    text(field, value, TEXT_CHARS_MAX)
}

/// A text of a sentence or two, or an address.
pub(crate) fn long(field: &'static str, value: String) -> Read<String> {
    text(field, value, LONG_TEXT_CHARS_MAX)
}

pub(crate) fn list(field: &'static str, length: usize) -> Read<()> {
    within(field, length, LIST_MAX)
}

fn within(field: &'static str, length: usize, length_max: usize) -> Read<()> {
    if length > length_max {
        return Err(CallError::bad_output(format!("{field}: more than {length_max}")));
    }
    Ok(())
}

fn at(field: &'static str) -> impl Fn(MoneyError) -> CallError {
    move |error| CallError::bad_output(format!("{field}: {error}"))
}
