//! How the laws round taxes: a policy names where, how and to what.

use purser_money::{Currency, Money, Ratio, Rounding};

use crate::{Error, Problem};

/// What is rounded once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Level {
    /// The tax on one unit, then times the quantity.
    Unit,
    /// The tax on each line.
    Line,
    /// The tax at each rate on the document.
    Rate,
    /// All tax on the document, then split over the rates by largest remainder.
    Invoice,
}

/// Which taxes of a line are rounded as one, where lines or units are rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Together {
    /// Each tax at each rate by itself.
    Rate,
    /// All of them: state and local sales taxes may be summed first (Streamlined Sales and Use Tax Agreement s 324).
    All,
}

/// How the tax in a price that includes it is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Extraction {
    /// Each tax is its fraction of the gross price; the net is what is left.
    Fraction,
    /// The net of all prices with the same rates is rounded first and the taxes are computed on it; the unit that is
    /// then too many or too few goes to the net of the last of these lines (Quebec).
    NetFirst,
}

/// A law's way of rounding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Policy {
    /// What is rounded once.
    pub level: Level,
    /// What is one on a line.
    pub together: Together,
    /// Which way.
    pub mode: Rounding,
    /// Decimals of the major unit that are kept: at most those of the currency.
    pub decimals: u8,
    /// Minor units of the smallest coin, where cash is rounded to it.
    pub cash_step: Option<i64>,
    /// How the tax in a gross price is found.
    pub extraction: Extraction,
}

impl Policy {
    /// Once for each rate on the document, a half up, to the minor unit of `currency`: EN 16931 (rule
    /// BR-CO-17), HMRC VATREC12030, Australia's s 9-90, Canada's s 165.2, the Streamlined Sales Tax s 324.
    pub fn per_rate(currency: Currency) -> Self {
        Self {
            level: Level::Rate,
            together: Together::Rate,
            mode: Rounding::HalfUp,
            decimals: currency.decimals(),
            cash_step: None,
            extraction: Extraction::Fraction,
        }
    }

    /// The same, and cash is paid in the coins that there are of `currency` ([`smallest_coin`]).
    pub fn in_coins_of(self, currency: Currency) -> Self {
        Self { cash_step: smallest_coin(currency), ..self }
    }

    /// Canada: as [`Policy::per_rate`]; cash, and only its total, is paid in steps of five cents.
    pub fn canada(currency: Currency) -> Self {
        Self::per_rate(currency).in_coins_of(currency)
    }

    /// Quebec: GST and QST are both computed on the net, which is found first.
    pub fn quebec(currency: Currency) -> Self {
        Self { extraction: Extraction::NetFirst, ..Self::canada(currency) }
    }

    /// New Zealand, GST Act 1985 s 19O: half a cent and less is dropped.
    pub fn new_zealand(currency: Currency) -> Self {
        Self { mode: Rounding::HalfDown, ..Self::per_rate(currency) }
    }

    /// India, CGST Act s 170: what is payable is rounded to the rupee, 50 paise up.
    pub fn india(currency: Currency) -> Self {
        Self { decimals: 0, ..Self::per_rate(currency) }
    }

    /// Japan: once for each rate on an invoice, in the direction that the seller chose.
    pub fn japan(currency: Currency, mode: Rounding) -> Self {
        Self { mode, ..Self::per_rate(currency) }
    }

    /// `exact` minor units of `currency` as the law rounds them.
    pub fn round(&self, exact: Ratio, currency: Currency) -> Result<Money, Error> {
        self.nearest(exact, self.step(currency)?, currency)
    }

    /// How many minor units of `currency` the smallest amount is that the law knows.
    pub(crate) fn step(&self, currency: Currency) -> Result<i64, Error> {
        let dropped = u32::from(currency.decimals().saturating_sub(self.decimals));
        10_i64.checked_pow(dropped).ok_or_else(too_large)
    }

    /// What is paid in cash for `total`: the nearest multiple of the smallest coin.
    pub fn cash(&self, total: Money) -> Result<Money, Error> {
        match self.cash_step {
            None => Ok(total),
            Some(step) => self.nearest(Ratio::whole(total.minor()), step, total.currency()),
        }
    }

    fn nearest(&self, exact: Ratio, step: i64, currency: Currency) -> Result<Money, Error> {
        let steps = exact.times(1, i128::from(step))?.round(self.mode)?;
        Ok(Money::new(steps.checked_mul(step).ok_or_else(too_large)?, currency))
    }
}

/// Minor units of the smallest coin, where that is more than one of them: what is paid in cash is rounded to it, and
/// nothing else. These are the coins of whole currencies; some countries of the euro do without its two smallest ones.
///
/// CLDR's `currencyData` (`cashRounding`, `cashDigits`) has them but for Australia's and New Zealand's, whose central banks
/// withdrew the smaller ones in 1992 and 2006; Norway's rule is in forskrift 2011-03-16 nr. 294.
pub fn smallest_coin(currency: Currency) -> Option<i64> {
    match currency.code() {
        "AUD" | "CAD" | "CHF" => Some(5),
        "NZD" => Some(10),
        "DKK" => Some(50),
        "CZK" | "NOK" | "SEK" => Some(100),
        "HUF" => Some(500),
        _ => None,
    }
}

fn too_large() -> Error {
    Error::new(Problem::InvalidAmount, "the amount is too large")
}
