//! Currencies and their minor units: ISO 4217, list one of 2026-02-01, and the units that the euro replaced.

use std::fmt;

use crate::MoneyError;

/// A currency of ISO 4217 with a minor unit. Ordered by code.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency(u8);

impl Currency {
    /// The currency that has this three-letter code: upper case, with a minor unit (gold has none).
    pub fn parse(code: &str) -> Result<Self, MoneyError> {
        let found = key(code.as_bytes()).and_then(|key| KEYS.binary_search(&key).ok());
        let index = found.and_then(|index| u8::try_from(index).ok());
        index.map(Self).ok_or(MoneyError::UnknownCurrency)
    }

    /// The three-letter code.
    pub fn code(self) -> &'static str {
        self.row().map_or("", |row| row.code)
    }

    /// The numeric code.
    pub fn numeric(self) -> u16 {
        self.row().map_or(0, |row| row.numeric)
    }

    /// The decimals of the minor unit, 0 to 4.
    pub fn decimals(self) -> u8 {
        self.row().map_or(0, |row| row.decimals)
    }

    /// Whether the euro has replaced it. Such a currency can still be converted by its fixed rate.
    pub fn is_former(self) -> bool {
        self.row().is_some_and(|row| matches!(row.replaced_by, Into::Euro))
    }

    /// Every currency, by code.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..=u8::MAX).take(TABLE.len()).map(Self)
    }

    fn row(self) -> Option<&'static Row> {
        TABLE.get(usize::from(self.0))
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl std::str::FromStr for Currency {
    type Err = MoneyError;

    fn from_str(code: &str) -> Result<Self, MoneyError> {
        Self::parse(code)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.code())
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let code = <std::borrow::Cow<'de, str>>::deserialize(from)?;
        Self::parse(&code).map_err(serde::de::Error::custom)
    }
}

#[derive(Clone, Copy)]
enum Into {
    Nothing,
    Euro,
}

struct Row {
    code: &'static str,
    numeric: u16,
    decimals: u8,
    replaced_by: Into,
}

const fn row(code: &'static str, numeric: u16, decimals: u8, replaced_by: Into) -> Row {
    Row { code, numeric, decimals, replaced_by }
}

/// A code as a number, in the same order: what is looked for most is compared at once, and lies together.
const fn key(code: &[u8]) -> Option<u32> {
    match *code {
        [one, two, three] => Some(u32::from_be_bytes([0, one, two, three])),
        _ => None,
    }
}

/// The keys of the table's rows.
#[allow(clippy::indexing_slicing, reason = "when it is compiled")]
static KEYS: [u32; TABLE.len()] = {
    let mut keys = [0; TABLE.len()];
    let mut index = 0;
    while index < TABLE.len() {
        if let Some(key) = key(TABLE[index].code.as_bytes()) {
            keys[index] = key;
        }
        index += 1;
    }
    keys
};

/// Sorted by code. Minor units are ISO 4217's, not CLDR's display digits (ALL, IQD and LBP differ).
#[rustfmt::skip]
const TABLE: &[Row] = &[
    row("AED", 784, 2, Into::Nothing),
    row("AFN", 971, 2, Into::Nothing),
    row("ALL", 8, 2, Into::Nothing),
    row("AMD", 51, 2, Into::Nothing),
    row("AOA", 973, 2, Into::Nothing),
    row("ARS", 32, 2, Into::Nothing),
    row("ATS", 40, 2, Into::Euro),
    row("AUD", 36, 2, Into::Nothing),
    row("AWG", 533, 2, Into::Nothing),
    row("AZN", 944, 2, Into::Nothing),
    row("BAM", 977, 2, Into::Nothing),
    row("BBD", 52, 2, Into::Nothing),
    row("BDT", 50, 2, Into::Nothing),
    row("BEF", 56, 0, Into::Euro),
    row("BGN", 975, 2, Into::Euro),
    row("BHD", 48, 3, Into::Nothing),
    row("BIF", 108, 0, Into::Nothing),
    row("BMD", 60, 2, Into::Nothing),
    row("BND", 96, 2, Into::Nothing),
    row("BOB", 68, 2, Into::Nothing),
    row("BOV", 984, 2, Into::Nothing),
    row("BRL", 986, 2, Into::Nothing),
    row("BSD", 44, 2, Into::Nothing),
    row("BTN", 64, 2, Into::Nothing),
    row("BWP", 72, 2, Into::Nothing),
    row("BYN", 933, 2, Into::Nothing),
    row("BZD", 84, 2, Into::Nothing),
    row("CAD", 124, 2, Into::Nothing),
    row("CDF", 976, 2, Into::Nothing),
    row("CHE", 947, 2, Into::Nothing),
    row("CHF", 756, 2, Into::Nothing),
    row("CHW", 948, 2, Into::Nothing),
    row("CLF", 990, 4, Into::Nothing),
    row("CLP", 152, 0, Into::Nothing),
    row("CNY", 156, 2, Into::Nothing),
    row("COP", 170, 2, Into::Nothing),
    row("COU", 970, 2, Into::Nothing),
    row("CRC", 188, 2, Into::Nothing),
    row("CUP", 192, 2, Into::Nothing),
    row("CVE", 132, 2, Into::Nothing),
    row("CYP", 196, 2, Into::Euro),
    row("CZK", 203, 2, Into::Nothing),
    row("DEM", 276, 2, Into::Euro),
    row("DJF", 262, 0, Into::Nothing),
    row("DKK", 208, 2, Into::Nothing),
    row("DOP", 214, 2, Into::Nothing),
    row("DZD", 12, 2, Into::Nothing),
    row("EEK", 233, 2, Into::Euro),
    row("EGP", 818, 2, Into::Nothing),
    row("ERN", 232, 2, Into::Nothing),
    row("ESP", 724, 0, Into::Euro),
    row("ETB", 230, 2, Into::Nothing),
    row("EUR", 978, 2, Into::Nothing),
    row("FIM", 246, 2, Into::Euro),
    row("FJD", 242, 2, Into::Nothing),
    row("FKP", 238, 2, Into::Nothing),
    row("FRF", 250, 2, Into::Euro),
    row("GBP", 826, 2, Into::Nothing),
    row("GEL", 981, 2, Into::Nothing),
    row("GHS", 936, 2, Into::Nothing),
    row("GIP", 292, 2, Into::Nothing),
    row("GMD", 270, 2, Into::Nothing),
    row("GNF", 324, 0, Into::Nothing),
    row("GRD", 300, 0, Into::Euro),
    row("GTQ", 320, 2, Into::Nothing),
    row("GYD", 328, 2, Into::Nothing),
    row("HKD", 344, 2, Into::Nothing),
    row("HNL", 340, 2, Into::Nothing),
    row("HRK", 191, 2, Into::Euro),
    row("HTG", 332, 2, Into::Nothing),
    row("HUF", 348, 2, Into::Nothing),
    row("IDR", 360, 2, Into::Nothing),
    row("IEP", 372, 2, Into::Euro),
    row("ILS", 376, 2, Into::Nothing),
    row("INR", 356, 2, Into::Nothing),
    row("IQD", 368, 3, Into::Nothing),
    row("IRR", 364, 2, Into::Nothing),
    row("ISK", 352, 0, Into::Nothing),
    row("ITL", 380, 0, Into::Euro),
    row("JMD", 388, 2, Into::Nothing),
    row("JOD", 400, 3, Into::Nothing),
    row("JPY", 392, 0, Into::Nothing),
    row("KES", 404, 2, Into::Nothing),
    row("KGS", 417, 2, Into::Nothing),
    row("KHR", 116, 2, Into::Nothing),
    row("KMF", 174, 0, Into::Nothing),
    row("KPW", 408, 2, Into::Nothing),
    row("KRW", 410, 0, Into::Nothing),
    row("KWD", 414, 3, Into::Nothing),
    row("KYD", 136, 2, Into::Nothing),
    row("KZT", 398, 2, Into::Nothing),
    row("LAK", 418, 2, Into::Nothing),
    row("LBP", 422, 2, Into::Nothing),
    row("LKR", 144, 2, Into::Nothing),
    row("LRD", 430, 2, Into::Nothing),
    row("LSL", 426, 2, Into::Nothing),
    row("LTL", 440, 2, Into::Euro),
    row("LUF", 442, 0, Into::Euro),
    row("LVL", 428, 2, Into::Euro),
    row("LYD", 434, 3, Into::Nothing),
    row("MAD", 504, 2, Into::Nothing),
    row("MDL", 498, 2, Into::Nothing),
    row("MGA", 969, 2, Into::Nothing),
    row("MKD", 807, 2, Into::Nothing),
    row("MMK", 104, 2, Into::Nothing),
    row("MNT", 496, 2, Into::Nothing),
    row("MOP", 446, 2, Into::Nothing),
    row("MRU", 929, 2, Into::Nothing),
    row("MTL", 470, 2, Into::Euro),
    row("MUR", 480, 2, Into::Nothing),
    row("MVR", 462, 2, Into::Nothing),
    row("MWK", 454, 2, Into::Nothing),
    row("MXN", 484, 2, Into::Nothing),
    row("MXV", 979, 2, Into::Nothing),
    row("MYR", 458, 2, Into::Nothing),
    row("MZN", 943, 2, Into::Nothing),
    row("NAD", 516, 2, Into::Nothing),
    row("NGN", 566, 2, Into::Nothing),
    row("NIO", 558, 2, Into::Nothing),
    row("NLG", 528, 2, Into::Euro),
    row("NOK", 578, 2, Into::Nothing),
    row("NPR", 524, 2, Into::Nothing),
    row("NZD", 554, 2, Into::Nothing),
    row("OMR", 512, 3, Into::Nothing),
    row("PAB", 590, 2, Into::Nothing),
    row("PEN", 604, 2, Into::Nothing),
    row("PGK", 598, 2, Into::Nothing),
    row("PHP", 608, 2, Into::Nothing),
    row("PKR", 586, 2, Into::Nothing),
    row("PLN", 985, 2, Into::Nothing),
    row("PTE", 620, 0, Into::Euro),
    row("PYG", 600, 0, Into::Nothing),
    row("QAR", 634, 2, Into::Nothing),
    row("RON", 946, 2, Into::Nothing),
    row("RSD", 941, 2, Into::Nothing),
    row("RUB", 643, 2, Into::Nothing),
    row("RWF", 646, 0, Into::Nothing),
    row("SAR", 682, 2, Into::Nothing),
    row("SBD", 90, 2, Into::Nothing),
    row("SCR", 690, 2, Into::Nothing),
    row("SDG", 938, 2, Into::Nothing),
    row("SEK", 752, 2, Into::Nothing),
    row("SGD", 702, 2, Into::Nothing),
    row("SHP", 654, 2, Into::Nothing),
    row("SIT", 705, 2, Into::Euro),
    row("SKK", 703, 2, Into::Euro),
    row("SLE", 925, 2, Into::Nothing),
    row("SOS", 706, 2, Into::Nothing),
    row("SRD", 968, 2, Into::Nothing),
    row("SSP", 728, 2, Into::Nothing),
    row("STN", 930, 2, Into::Nothing),
    row("SVC", 222, 2, Into::Nothing),
    row("SYP", 760, 2, Into::Nothing),
    row("SZL", 748, 2, Into::Nothing),
    row("THB", 764, 2, Into::Nothing),
    row("TJS", 972, 2, Into::Nothing),
    row("TMT", 934, 2, Into::Nothing),
    row("TND", 788, 3, Into::Nothing),
    row("TOP", 776, 2, Into::Nothing),
    row("TRY", 949, 2, Into::Nothing),
    row("TTD", 780, 2, Into::Nothing),
    row("TWD", 901, 2, Into::Nothing),
    row("TZS", 834, 2, Into::Nothing),
    row("UAH", 980, 2, Into::Nothing),
    row("UGX", 800, 0, Into::Nothing),
    row("USD", 840, 2, Into::Nothing),
    row("USN", 997, 2, Into::Nothing),
    row("UYI", 940, 0, Into::Nothing),
    row("UYU", 858, 2, Into::Nothing),
    row("UYW", 927, 4, Into::Nothing),
    row("UZS", 860, 2, Into::Nothing),
    row("VED", 926, 2, Into::Nothing),
    row("VES", 928, 2, Into::Nothing),
    row("VND", 704, 0, Into::Nothing),
    row("VUV", 548, 0, Into::Nothing),
    row("WST", 882, 2, Into::Nothing),
    row("XAD", 396, 2, Into::Nothing),
    row("XAF", 950, 0, Into::Nothing),
    row("XCD", 951, 2, Into::Nothing),
    row("XCG", 532, 2, Into::Nothing),
    row("XOF", 952, 0, Into::Nothing),
    row("XPF", 953, 0, Into::Nothing),
    row("YER", 886, 2, Into::Nothing),
    row("ZAR", 710, 2, Into::Nothing),
    row("ZMW", 967, 2, Into::Nothing),
    row("ZWG", 924, 2, Into::Nothing),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_so_that_codes_are_found() {
        assert!(TABLE.is_sorted_by(|one, other| one.code < other.code));
        for currency in Currency::all() {
            assert_eq!(Currency::parse(currency.code()), Ok(currency));
        }
        assert_eq!(Currency::all().filter(|currency| !currency.is_former()).count(), 165);
    }

    #[test]
    fn what_has_no_minor_unit_is_no_currency_of_amounts() {
        for code in ["XAU", "XXX", "XTS", "XDR", "eur", "EU", "EURO", ""] {
            assert_eq!(Currency::parse(code), Err(MoneyError::UnknownCurrency), "{code}");
        }
    }
}
