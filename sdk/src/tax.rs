//! The role `tax`: what one sale owes to whom.

use purser_money::{Currency, Money, Percent};

use crate::{Category, Country, Date, Description, Error, Place, Reason, rounding::Policy, tax_id};

mod wire;

pub use wire::Exported;

/// A plugin that knows the taxes of some countries. [`crate::register_tax!`] makes it one.
///
/// Every function is pure: the same input has the same answer, today and when it is replayed.
pub trait Tax {
    /// What the plugin says of itself; the same as in its manifest.
    fn describe() -> Description;

    /// The taxes of one sale, which is one tax document. Every line must be in at least one
    /// of the answer's taxes: with a rate of zero and its reason where nothing is owed.
    fn assess(sale: &Sale) -> Result<Assessment, Error>;

    /// Whether a tax number can be one, by form and checksum. Usually [`tax_id::check`].
    fn check_tax_id(country: Country, number: &str) -> Result<Verdict, Error> {
        tax_id::check(country, number)
    }

    /// The return of a period, in the form that the authority reads.
    fn file_return(totals: &PeriodTotals) -> Result<Filing, Error>;
}

/// Pairs of names and values beside the fixed fields.
pub type Attributes = Vec<(String, String)>;

/// What one merchant sells to one buyer at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sale {
    /// The day of the sale.
    pub date: Date,
    /// The currency of every line.
    pub currency: Currency,
    /// Where the seller is established.
    pub seller: Place,
    /// Where the seller is registered for tax; empty where the operator collects.
    pub registrations: Vec<Registration>,
    /// Where the buyer consumes.
    pub buyer: Place,
    /// A business buyer's tax number, as given and not checked.
    pub buyer_tax_id: Option<String>,
    /// What is sold, in order.
    pub lines: Vec<Line>,
    /// More facts, by name.
    pub attributes: Attributes,
}

/// A registration of the seller for tax.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// With which authority.
    pub authority: String,
    /// Under which scheme, such as `vat` or `oss`.
    pub scheme: String,
    /// The number there.
    pub number: String,
}

/// One item of a sale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its name within the sale.
    pub id: u32,
    /// What it is.
    pub category: Category,
    /// How many.
    pub quantity: u32,
    /// The price of the whole line.
    pub amount: Money,
    /// Whether `amount` already contains the tax.
    pub tax_inclusive: bool,
    /// More facts, by name.
    pub attributes: Attributes,
}

/// One tax at one rate on some lines of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessed {
    /// As a receipt in that country prints it: `MwSt.`, `TVA`, `GST`.
    pub name: String,
    /// ISO 3166 code of the place whose tax it is.
    pub jurisdiction: String,
    /// Whom it is paid to: capital letters, digits and hyphens, at most 16.
    pub authority: String,
    /// What is taxed.
    pub category: Category,
    /// Why at this rate.
    pub reason: Reason,
    /// The rate.
    pub rate: Percent,
    /// The net of the lines.
    pub base: Money,
    /// The tax on all of them together, rounded as the law says.
    pub tax: Money,
    /// Ids of the lines.
    pub lines: Vec<u32>,
}

/// The taxes of one document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessment {
    /// One for each tax, category and rate.
    pub taxes: Vec<Assessed>,
    /// How amounts were rounded.
    pub rounding: Policy,
    /// The law or source behind it, kept as evidence.
    pub law: String,
}

/// What can be said of a tax number without asking anybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Form and checksum are right.
    Valid {
        /// The country that issues such numbers.
        country: Country,
        /// As the authority writes it, with its prefix: `ATU13585627`, `EL094259216`.
        normalized: String,
    },
    /// It cannot be a number of that country.
    Invalid {
        /// The country it was checked for.
        country: Country,
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// One row of a period: what was sold at one rate, net of refunds made in the same period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeriodLine {
    /// ISO 3166 code of the place whose tax it is.
    pub jurisdiction: String,
    /// What was sold.
    pub category: Category,
    /// Why at this rate.
    pub reason: Reason,
    /// The rate.
    pub rate: Percent,
    /// Net sales.
    pub base: Money,
    /// Tax on them.
    pub tax: Money,
    /// The earlier period that this line corrects; then base and tax may be negative.
    pub corrects: Option<String>,
}

/// What one authority is owed for one period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeriodTotals {
    /// To whom the return goes.
    pub authority: String,
    /// `2026-10` or `2026-Q4`.
    pub period: String,
    /// The taxpayer's number there, if known.
    pub number: Option<String>,
    /// One row for each place, category and rate.
    pub lines: Vec<PeriodLine>,
    /// More facts, by name.
    pub attributes: Attributes,
}

/// A return, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filing {
    /// `text/csv; charset=utf-8`, for one.
    pub media_type: String,
    /// A name for the file.
    pub file_name: String,
    /// The file.
    pub body: Vec<u8>,
}

/// Makes `$plugin`, which implements [`Tax`], the tax plugin of this crate.
#[macro_export]
macro_rules! register_tax {
    ($plugin:ty) => {
        // The names of a component's exports are none that a native linker takes.
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            // No name that an author would give to theirs.
            type PurserExport = $crate::tax::Exported<$plugin>;
    $crate::bindings::tax::export_tax!(PurserExport with_types_in $crate::bindings::tax);
        };
        #[cfg(not(target_arch = "wasm32"))]
        const _: std::marker::PhantomData<$crate::tax::Exported<$plugin>> = {
            const fn implements<T: $crate::Tax>() {}
            implements::<$plugin>();
            std::marker::PhantomData
        };
    };
}
