//! The role `currency`: rates from published feeds, and conversions that name every step.

use purser_money::{Currency, Leg, Money, Rate, Rounding};

use crate::{Date, Description, Error, tax::Attributes};

mod wire;

pub use wire::Exported;

/// A plugin that reads some publisher's rates. [`crate::register_currency!`] makes it one.
pub trait Rates {
    /// What the plugin says of itself; the same as in its manifest.
    fn describe() -> Description;

    /// What the gateway should fetch, and how often.
    fn feeds() -> Vec<Feed>;

    /// The tables in a fetched file, newest first. The bytes come from outside: trust nothing.
    fn read_feed(feed: &str, bytes: &[u8]) -> Result<Vec<RateTable>, Error>;

    /// The steps from `amount` to `to`. The gateway recomputes the result from the legs.
    fn convert(
        amount: Money,
        to: Currency,
        table: &RateTable,
        policy: &Policy,
    ) -> Result<Conversion, Error>;
}

/// A file to fetch. Its host must be in the manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// What `read_feed` will be told.
    pub id: String,
    /// Where it is.
    pub url: String,
    /// What it should be.
    pub media_type: String,
    /// How often it may change.
    pub every_minutes: u32,
}

/// One unit of the table's base is `rate` units of `currency`, as published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quoted {
    /// The currency.
    pub currency: Currency,
    /// How many units of it.
    pub rate: Rate,
}

/// The rates of one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateTable {
    /// Who published them.
    pub source: String,
    /// The day they are of.
    pub as_of: Date,
    /// What one unit of is priced in the others.
    pub base: Currency,
    /// The others.
    pub rates: Vec<Quoted>,
    /// More facts, by name.
    pub attributes: Attributes,
}

impl RateTable {
    /// Units of `currency` for one unit of the base.
    pub fn rate(&self, currency: Currency) -> Option<Rate> {
        self.rates.iter().find(|quoted| quoted.currency == currency).map(|quoted| quoted.rate)
    }
}

/// What the caller accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// The day of the conversion.
    pub today: Date,
    /// How old a table may be, in days.
    pub max_age_days: u32,
    /// How the end result is rounded.
    pub mode: Rounding,
}

/// A conversion: the gateway recomputes `converted` from `legs` and refuses one that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversion {
    /// The steps, in order; none where both currencies are the same.
    pub legs: Vec<Leg>,
    /// What comes out.
    pub converted: Money,
    /// Who published the rates.
    pub source: String,
    /// The day they are of.
    pub as_of: Date,
    /// The last day on which the legs may be used.
    pub valid_until: Date,
}

/// Makes `$plugin`, which implements [`Rates`], the currency plugin of this crate.
#[macro_export]
macro_rules! register_currency {
    ($plugin:ty) => {
        // The names of a component's exports are none that a native linker takes.
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            // No name that an author would give to theirs.
            type PurserExport = $crate::currency::Exported<$plugin>;
            $crate::bindings::currency::export_currency!(PurserExport with_types_in $crate::bindings::currency);
        };
        #[cfg(not(target_arch = "wasm32"))]
        const _: std::marker::PhantomData<$crate::currency::Exported<$plugin>> = {
            const fn implements<T: $crate::Rates>() {}
            implements::<$plugin>();
            std::marker::PhantomData
        };
    };
}
