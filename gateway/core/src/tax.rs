//! The taxes of a sale: what a tax plugin is asked, what it answers, and the check that its answer can be booked.
//!
//! Items that one merchant sells in one purchase are one tax document. The plugin rounds as its country's law
//! says for a document; here the result is allotted to the items, so that items sum to the document and each
//! can be refunded exactly.

use jiff::civil::Date;
use purser_money::{Currency, Money, MoneyError, Percent};
use serde::{Deserialize, Serialize};

use crate::place::Place;

mod allot;

pub use allot::allot_taxes;

/// More rows than any country's law makes of 50 items.
const ASSESSED_MAX: usize = 256;

/// What a tax plugin is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sale {
    /// The day of the sale.
    pub date: Date,
    /// The currency of every line.
    pub currency: Currency,
    /// Where the merchant is.
    pub seller: Place,
    /// Where it is registered for tax.
    pub registrations: Vec<Registration>,
    /// Where the buyer consumes.
    pub buyer: Place,
    /// A business buyer's tax number, as given.
    pub buyer_tax_id: Option<String>,
    /// The items, in request order.
    pub lines: Vec<Line>,
}

/// A merchant's number at a tax authority.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    /// The authority, e.g. `DE`.
    pub authority: String,
    /// The scheme, e.g. `oss` or `vat`.
    pub scheme: String,
    /// The number itself.
    pub number: String,
}

/// One item of a sale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What it is, in the contract's words.
    pub category: Category,
    /// Its price.
    pub amount: Money,
    /// Whether the price contains the tax.
    pub tax_inclusive: bool,
}

/// What an item is, as far as tax laws tell it apart.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Category {
    /// Anything without a rule of its own.
    #[default]
    General,
    /// Downloads, subscriptions, software.
    DigitalService,
    /// Printed books.
    Book,
    /// Electronic books.
    Ebook,
    /// Newspapers and periodicals.
    Newspaper,
    /// Food for home.
    Food,
    /// Medicines.
    Medicine,
    /// Hotels and the like.
    Accommodation,
    /// Restaurants and catering.
    Restaurant,
    /// Carrying people.
    PassengerTransport,
    /// Stamps at face value.
    Postage,
}

impl Category {
    /// Every category.
    pub const ALL: [Self; 11] = [
        Self::General,
        Self::DigitalService,
        Self::Book,
        Self::Ebook,
        Self::Newspaper,
        Self::Food,
        Self::Medicine,
        Self::Accommodation,
        Self::Restaurant,
        Self::PassengerTransport,
        Self::Postage,
    ];

    /// The name in offers and in the plugin contract.
    pub const fn name(self) -> &'static str {
        match self {
            Self::General => "general",
            Self::DigitalService => "digital-service",
            Self::Book => "book",
            Self::Ebook => "ebook",
            Self::Newspaper => "newspaper",
            Self::Food => "food",
            Self::Medicine => "medicine",
            Self::Accommodation => "accommodation",
            Self::Restaurant => "restaurant",
            Self::PassengerTransport => "passenger-transport",
            Self::Postage => "postage",
        }
    }

    /// The category of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.name() == name)
    }
}

/// What a tax plugin answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessment {
    /// The taxes of the document.
    pub taxes: Vec<Assessed>,
    /// The decimals that the law rounds a tax to: fewer than the currency's where it is paid in whole units.
    pub rounding_decimals: u8,
    /// The law behind it.
    pub law: String,
}

/// One tax at one rate on some lines of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessed {
    /// As printed on a receipt.
    pub name: String,
    /// The place whose tax it is.
    pub jurisdiction: String,
    /// Whom it is paid to.
    pub authority: String,
    /// The lines' category, as the plugin sees it.
    pub category: String,
    /// `standard`, `reduced`, `zero`, `exempt`, `reverse-charge`, `export` or `outside-scope`.
    pub reason: String,
    /// The rate.
    pub rate: Percent,
    /// The net that the rate applies to.
    pub base: Money,
    /// The tax on it.
    pub tax: Money,
    /// Positions of the lines it is on, from 1.
    pub lines: Vec<u32>,
}

/// One tax on one item, as receipts show it and as the ledger books it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemTax {
    /// As printed on a receipt.
    pub name: String,
    /// The place whose tax it is.
    pub jurisdiction: String,
    /// Whom it is paid to.
    pub authority: String,
    /// The category it was judged by.
    pub category: String,
    /// Why this rate.
    pub reason: String,
    /// The rate.
    pub rate: Percent,
    /// The item's share of the base.
    pub base: Money,
    /// The item's share of the tax.
    pub tax: Money,
}

/// One item with its taxes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxedLine {
    /// Price without tax.
    pub net: Money,
    /// Price with tax: what the buyer owes the merchant's side.
    pub gross: Money,
    /// The taxes between the two.
    pub taxes: Vec<ItemTax>,
}

/// How an assessment breaks the contract. The sale does not happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AssessmentError {
    /// More rows than a document has.
    #[error("more than {ASSESSED_MAX} taxes")]
    TooManyTaxes,
    /// A line named that is not in the sale, or twice in one tax.
    #[error("a tax names a line that is not in the sale, or one line twice")]
    UnknownLine,
    /// A line that no tax row speaks of: even an exempt one has its reason.
    #[error("a line of the sale has no tax row")]
    LineForgotten,
    /// An amount in another currency than the sale's.
    #[error("an amount is not in the currency of the sale")]
    Currency,
    /// A tax below zero.
    #[error("a tax is negative")]
    Negative,
    /// Tax that is not the rate of the base.
    #[error("a tax is not its rate of its base")]
    RateMismatch,
    /// A base that is not the net of the lines.
    #[error("a base is not the net of its lines")]
    BaseMismatch,
    /// An authority that cannot be part of an account's name.
    #[error("an authority is not 1 to 16 capital letters, digits and hyphens")]
    Authority,
    /// Text that is too long, or holds control characters.
    #[error(
        "a name, jurisdiction, category or reason is empty, over 80 characters or not printable"
    )]
    Text,
    /// The amounts do not fit.
    #[error("the amounts are too large")]
    Overflow,
}

impl From<MoneyError> for AssessmentError {
    fn from(error: MoneyError) -> Self {
        match error {
            MoneyError::CurrenciesDiffer(..) => Self::Currency,
            _ => Self::Overflow,
        }
    }
}
