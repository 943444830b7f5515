//! Tax periods: the months and quarters of the calendar, by UTC days of the gateway's clock.

use std::{fmt, str::FromStr};

use jiff::{
    Timestamp, ToSpan,
    civil::{Date, date},
    tz::TimeZone,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// A month of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Month {
    year: i16,
    month: i8,
}

/// A month or a quarter: what a return is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Period {
    /// `2026-10`.
    Month(Month),
    /// `2026-Q4`, by its first month.
    Quarter(Month),
}

/// Text that names no period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a month like 2026-10 or a quarter like 2026-Q4, from 2000 to 9000")]
pub struct PeriodError;

/// The years that periods are of: before them there was no gateway, behind them the calendar of jiff ends.
const YEARS: std::ops::RangeInclusive<i16> = 2000..=9000;

impl Month {
    /// The month of a day.
    pub fn of(day: Date) -> Self {
        Self { year: day.year(), month: day.month() }
    }

    /// The month of a moment, in UTC.
    pub fn at(at: Timestamp) -> Self {
        Self::of(day(at))
    }

    /// The first moment of it.
    pub fn start(self) -> Timestamp {
        let start = date(self.year, self.month, 1).to_zoned(TimeZone::UTC);
        start.map_or(Timestamp::MAX, |start| start.timestamp())
    }

    /// The first moment behind it.
    pub fn end(self) -> Timestamp {
        self.plus(1).start()
    }

    /// So many months on, or back.
    fn plus(self, months: i32) -> Self {
        let day = date(self.year, self.month, 1).checked_add(months.months());
        day.map_or(self, Self::of)
    }

    /// The quarter that it is in, by its first month.
    fn quarter(self) -> Self {
        let back = (i32::from(self.month) - 1) % 3;
        self.plus(-back)
    }
}

impl Period {
    /// Its months, in order.
    pub fn months(self) -> Vec<Month> {
        match self {
            Self::Month(month) => vec![month],
            Self::Quarter(first) => vec![first, first.plus(1), first.plus(2)],
        }
    }

    /// Whether a month is part of it.
    pub fn contains(self, month: Month) -> bool {
        self.like(month) == self
    }

    /// The first moment of it.
    pub fn start(self) -> Timestamp {
        self.first().start()
    }

    /// The first moment behind it.
    pub fn end(self) -> Timestamp {
        match self {
            Self::Month(month) => month.end(),
            Self::Quarter(first) => first.plus(2).end(),
        }
    }

    /// The period of the same length before it.
    pub fn before(self) -> Self {
        self.like(self.first().plus(-1))
    }

    /// The period of the same length that a month is part of.
    pub fn like(self, month: Month) -> Self {
        match self {
            Self::Month(_) => Self::Month(month),
            Self::Quarter(_) => Self::Quarter(month.quarter()),
        }
    }

    fn first(self) -> Month {
        match self {
            Self::Month(first) | Self::Quarter(first) => first,
        }
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Month(month) => month.fmt(f),
            Self::Quarter(first) => write!(f, "{:04}-Q{}", first.year, (first.month + 2) / 3),
        }
    }
}

impl FromStr for Month {
    type Err = PeriodError;

    fn from_str(text: &str) -> Result<Self, PeriodError> {
        match text.parse()? {
            Period::Month(month) => Ok(month),
            Period::Quarter(_) => Err(PeriodError),
        }
    }
}

impl FromStr for Period {
    type Err = PeriodError;

    fn from_str(text: &str) -> Result<Self, PeriodError> {
        let (year, part) = text.split_once('-').ok_or(PeriodError)?;
        let digits = |text: &str, length: usize| {
            let plain = text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
            if plain { text.parse::<i16>().map_err(|_| PeriodError) } else { Err(PeriodError) }
        };
        let year = digits(year, 4)?;
        let number = match part.strip_prefix('Q') {
            Some(quarter) => digits(quarter, 1)?,
            None => digits(part, 2)?,
        };
        let number = i8::try_from(number).map_err(|_| PeriodError)?;
        if !YEARS.contains(&year) {
            return Err(PeriodError);
        }
        match part.starts_with('Q') {
            true if (1..=4).contains(&number) => {
                Ok(Self::Quarter(Month { year, month: number * 3 - 2 }))
            }
            false if (1..=12).contains(&number) => Ok(Self::Month(Month { year, month: number })),
            _ => Err(PeriodError),
        }
    }
}

macro_rules! as_text {
    ($($name:ident),*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
                text.parse().map_err(D::Error::custom)
            }
        }
    )*};
}

as_text!(Month, Period);

/// The day of a moment, in UTC: by which taxes, offers and rates are judged.
pub fn day(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(text: &str) -> Period {
        text.parse().unwrap()
    }

    #[test]
    fn a_period_is_a_month_or_a_quarter() {
        for text in ["2026-01", "2026-10", "2026-12", "2026-Q1", "2026-Q4", "9000-Q4"] {
            assert_eq!(period(text).to_string(), text);
        }
        for text in [
            "", "2026", "2026-13", "2026-00", "2026-1", "2026-Q0", "2026-Q5", "2026-q1", "26-01",
            "1999-12", "9001-01", "2026-+1", "2026-Q+", "2026-10 ", "2026-010", "-2026-10",
        ] {
            assert_eq!(text.parse::<Period>(), Err(PeriodError), "{text}");
        }
        assert!("2026-Q1".parse::<Month>().is_err());
    }

    #[test]
    fn a_period_begins_and_ends_at_midnight_utc() {
        let check = |text: &str, start: &str, end: &str, before: &str| {
            let period = period(text);
            assert_eq!(period.start().to_string(), start);
            assert_eq!(period.end().to_string(), end);
            assert_eq!(period.before().to_string(), before);
            let moment = |end: &str| Month::at(end.parse().unwrap());
            assert!(period.contains(moment(start)) && !period.contains(moment(end)));
        };
        check("2026-10", "2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z", "2026-09");
        check("2024-02", "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z", "2024-01");
        check("2026-Q4", "2026-10-01T00:00:00Z", "2027-01-01T00:00:00Z", "2026-Q3");
        check("2026-Q1", "2026-01-01T00:00:00Z", "2026-04-01T00:00:00Z", "2025-Q4");
    }

    #[test]
    fn the_months_of_a_quarter_are_its_own() {
        let quarter = period("2026-Q2");
        let months: Vec<String> = quarter.months().iter().map(Month::to_string).collect();
        assert_eq!(months, ["2026-04", "2026-05", "2026-06"]);
        for month in quarter.months() {
            assert_eq!(quarter.like(month), quarter);
        }
    }
}
