//! Which currencies something new may be priced in.

use jiff::civil::{Date, date};
use purser_money::Currency;

/// Bulgaria's first day with the euro: Council Regulation (EC) No 2866/98 as amended, article 1. Of the units that the
/// euro replaced, the lev is the last, and the only one that the books of any gateway can hold.
const EURO_IN_BULGARIA: Date = date(2026, 1, 1);

/// Whether a price, a card or a trade of that day may be in this currency. Units that the euro has replaced may not:
/// what is still held in one can be converted, and there is nothing new in it.
pub fn is_tender(currency: Currency, day: Date) -> bool {
    !currency.is_former() || (currency.code() == "BGN" && day < EURO_IN_BULGARIA)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_is_tender_until_the_euro_replaces_it() {
        let check = |code: &str, day: Date, expected: bool| {
            assert_eq!(is_tender(Currency::parse(code).unwrap(), day), expected, "{code} on {day}");
        };
        for (code, expected) in [("EUR", true), ("USD", true), ("DEM", false), ("HRK", false)] {
            check(code, date(2024, 6, 28), expected);
            check(code, date(2026, 11, 22), expected);
        }
        check("BGN", date(2024, 6, 28), true);
        check("BGN", date(2025, 12, 31), true);
        check("BGN", date(2026, 1, 1), false);
    }
}
