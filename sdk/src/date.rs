//! Days: as text they are `YYYY-MM-DD` and nothing else.

pub use jiff::{
    Span,
    civil::{Date, date},
};

use crate::{Error, Problem};

/// The day that `text` names.
pub fn parse_date(text: &str) -> Result<Date, Error> {
    fields(text)
        .and_then(|(year, month, day)| Date::new(year, month, day).ok())
        .ok_or_else(|| Error::new(Problem::MalformedRequest, "a day is written like 2026-01-31"))
}

fn fields(text: &str) -> Option<(i16, i8, i8)> {
    let bytes = text.as_bytes();
    let shape = bytes.len() == 10
        && bytes.iter().enumerate().all(|(index, byte)| match index {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if !shape {
        return None;
    }
    let mut parts = text.split('-');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_real_days_are_read() {
        assert_eq!(parse_date("2024-02-29"), Ok(date(2024, 2, 29)));
        for text in
            ["", "2023-02-29", "2024-6-28", "20240628", "2024-06-28T00", "24-06-2028", "+024-06-28"]
        {
            assert!(parse_date(text).is_err(), "{text:?}");
        }
    }
}
