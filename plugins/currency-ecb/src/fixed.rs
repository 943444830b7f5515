//! The units that the euro replaced, at the rates that were fixed for ever.

use purser_sdk::{Currency, Date, Rate, date};

/// Units of `currency` for one euro, if on `day` it was a unit of the euro.
pub(crate) fn rate(currency: Currency, day: Date) -> Option<Rate> {
    let (_, mantissa, scale, since) = UNITS.iter().find(|(code, ..)| *code == currency.code())?;
    (*since <= day).then(|| Rate::from_parts(*mantissa, *scale).ok()).flatten()
}

/// Reg. (EC) 2866/98 art. 1 as amended: six significant figures, never rounded or cut. The day is the one
/// on which the unit became one of the euro's.
#[rustfmt::skip]
const UNITS: [(&str, i64, u8, Date); 21] = [
    ("ATS", 137_603, 4, date(1999, 1, 1)),
    ("BEF", 403_399, 4, date(1999, 1, 1)),
    ("BGN", 195_583, 5, date(2026, 1, 1)),
    ("CYP", 585_274, 6, date(2008, 1, 1)),
    ("DEM", 195_583, 5, date(1999, 1, 1)),
    ("EEK", 156_466, 4, date(2011, 1, 1)),
    ("ESP", 166_386, 3, date(1999, 1, 1)),
    ("FIM", 594_573, 5, date(1999, 1, 1)),
    ("FRF", 655_957, 5, date(1999, 1, 1)),
    ("GRD", 340_750, 3, date(2001, 1, 1)),
    ("HRK", 753_450, 5, date(2023, 1, 1)),
    ("IEP", 787_564, 6, date(1999, 1, 1)),
    ("ITL", 193_627, 2, date(1999, 1, 1)),
    ("LTL", 345_280, 5, date(2015, 1, 1)),
    ("LUF", 403_399, 4, date(1999, 1, 1)),
    ("LVL", 702_804, 6, date(2014, 1, 1)),
    ("MTL", 429_300, 6, date(2008, 1, 1)),
    ("NLG", 220_371, 5, date(1999, 1, 1)),
    ("PTE", 200_482, 3, date(1999, 1, 1)),
    ("SIT", 239_640, 3, date(2007, 1, 1)),
    ("SKK", 301_260, 4, date(2009, 1, 1)),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_former_currency_has_its_fixed_rate_of_six_figures() {
        let former: Vec<_> = Currency::all().filter(|currency| currency.is_former()).collect();
        assert_eq!(former.len(), UNITS.len());
        for currency in former {
            let rate = rate(currency, date(2026, 1, 1)).unwrap();
            assert_eq!(rate.parts().0.to_string().len(), 6, "{currency}");
        }
    }

    #[test]
    fn a_unit_is_fixed_from_its_day_on() {
        let bgn = Currency::parse("BGN").unwrap();
        assert_eq!(rate(bgn, date(2025, 12, 31)), None);
        assert_eq!(rate(bgn, date(2026, 1, 1)).unwrap().to_string(), "1.95583");
    }
}
