//! The table as an operator writes it. A wrong value is refused where it stands, since each type reads only what it
//! can be; what two rows are wrong in together, [`Table::check`] finds.

use purser_sdk::{
    Category, Country, Currency, Date, Error, Extraction, Level, LowValue, Percent, Place, Policy,
    Reason, Rounding, Supply, filing::Format, misconfigured, parse_date,
};
use serde::Deserialize;

/// Each line bears every tax of its place: more than any country has.
const TAXES_MAX: usize = 8;
/// With its source each row is in the evidence of sales, which holds 2000 characters of law.
const SOURCE_CHARS_MAX: usize = 150;

/// The configuration.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    pub(crate) places: Vec<Territory>,
    /// The form of a return without labels.
    #[serde(default)]
    pub(crate) filing: Format,
}

/// A country or a part of one, and its tax.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Territory {
    pub(crate) place: Code,
    /// The tax, as receipts print it.
    pub(crate) tax: Name,
    /// Whom it is paid to; the place, if not said.
    pub(crate) authority: Option<Authority>,
    /// Parts of the country to which this does not apply.
    #[serde(default)]
    pub(crate) except: Vec<Part>,
    pub(crate) prices: Option<Prices>,
    #[serde(default)]
    pub(crate) rounding: RoundingRule,
    /// How tax numbers look: `9` is a digit, `A` a letter, `*` either, and all else itself.
    #[serde(default)]
    pub(crate) tax_ids: Vec<Pattern>,
    #[serde(default)]
    pub(crate) imports: Imports,
    /// The law by which what leaves bears no tax; without one, such sales are refused.
    pub(crate) exports: Option<Source>,
    pub(crate) rates: Vec<Row>,
}

/// A rate.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    pub(crate) categories: Vec<CategoryName>,
    pub(crate) percent: Percent,
    pub(crate) reason: ReasonName,
    pub(crate) from: Day,
    pub(crate) to: Option<Day>,
    pub(crate) source: Source,
    /// Another tax than the place's, beside it: a city's beside the state's.
    pub(crate) tax: Option<Name>,
    /// Whom that is paid to.
    pub(crate) authority: Option<Authority>,
    /// Under what a return lists it.
    pub(crate) label: Option<Name>,
}

/// What the laws say of sellers abroad.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Imports {
    /// Of things.
    pub(crate) goods: Collected,
    /// Things that are worth more are taxed by customs.
    pub(crate) low_value: Option<Limit>,
    /// Of what comes over the network.
    pub(crate) services: Collected,
    /// From whom, where the buyer gives a tax number of the place.
    pub(crate) business: Business,
    /// The law behind it.
    pub(crate) source: Option<Source>,
}

/// Who collects the tax on what comes from abroad.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Collected {
    /// The seller, as at home.
    #[default]
    BySeller,
    /// Customs, or the buyer: not the seller.
    ByOthers,
}

/// How a business buys from abroad.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Business {
    /// As a consumer does.
    #[default]
    Charged,
    /// It owes the tax itself.
    ReverseCharge,
}

/// An amount in the place's currency, and its like in others.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Limit {
    pub(crate) amount: String,
    pub(crate) currency: CurrencyCode,
    #[serde(default)]
    pub(crate) others: LowValue,
}

/// Which prices the law allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Prices {
    /// Only those that include the tax.
    Inclusive,
    /// Only those to which it is added.
    Exclusive,
}

/// How the law rounds: once for each rate, half up, to the currency's decimals, if it is not said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RoundingRule {
    level: LevelName,
    mode: Option<Rounding>,
    decimals: Option<u8>,
    cash_step: Option<u16>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum LevelName {
    Unit,
    Line,
    #[default]
    Rate,
    Invoice,
}

impl RoundingRule {
    pub(crate) fn policy(&self, currency: Currency) -> Policy {
        let level = match self.level {
            LevelName::Unit => Level::Unit,
            LevelName::Line => Level::Line,
            LevelName::Rate => Level::Rate,
            LevelName::Invoice => Level::Invoice,
        };
        let decimals = self.decimals.unwrap_or(u8::MAX).min(currency.decimals());
        Policy {
            level,
            mode: self.mode.unwrap_or(Rounding::HalfUp),
            decimals,
            cash_step: self.cash_step.map(i64::from),
            extraction: Extraction::Fraction,
            ..Policy::per_rate(currency)
        }
    }
}

macro_rules! read {
    ($($(#[$about:meta])* $name:ident($type:ty) = $read:expr;)*) => {$(
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
        #[serde(try_from = "String")]
        pub(crate) struct $name(pub(crate) $type);

        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                let read: fn(String) -> Result<$type, String> = $read;
                read(text).map($name)
            }
        }
    )*};
}

read! {
    /// `MX`, or `ES-CN`.
    Code(Place) = |text| place(&text);
    /// A part of the territory's country, as behind the hyphen.
    Part(String) = |text| if is_part(&text) { Ok(text) } else { Err(PART.to_owned()) };
    /// Text that receipts and returns print.
    Name(String) = |text| printable(text, 80);
    /// Where a rule is written.
    Source(String) = |text| printable(text, SOURCE_CHARS_MAX);
    /// Part of the name of an account.
    Authority(String) = |text| {
        let plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-';
        if (1..=16).contains(&text.len()) && text.bytes().all(plain) {
            Ok(text)
        } else {
            Err("an authority is 1 to 16 capital letters, digits and hyphens".to_owned())
        }
    };
    Day(Date) = |text| parse_date(&text).map_err(|error| error.to_string());
    CategoryName(Category) = |text| Category::parse(&text).map_err(|error| error.to_string());
    ReasonName(Reason) = |text| Reason::parse(&text).map_err(|error| error.to_string());
    CurrencyCode(Currency) = |text| Currency::parse(&text).map_err(|error| error.to_string());
    Pattern(String) = |text| {
        let known = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'*';
        if (3..=24).contains(&text.len()) && text.bytes().all(known) {
            Ok(text)
        } else {
            Err("a pattern is 3 to 24 capital letters, digits and asterisks".to_owned())
        }
    };
}

const PART: &str = "a part of a country is one to three capital letters or digits of ISO 3166-2";

fn is_part(text: &str) -> bool {
    (1..=3).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

fn place(text: &str) -> Result<Place, String> {
    let (country, part) = text.split_once('-').map_or((text, None), |(it, part)| (it, Some(part)));
    if part.is_some_and(|part| !is_part(part)) {
        return Err(PART.to_owned());
    }
    let country = Country::parse(country).map_err(|error| error.to_string())?;
    Ok(Place { country, subdivision: part.map(str::to_owned) })
}

fn printable(text: String, chars_max: usize) -> Result<String, String> {
    let fits = (1..=chars_max).contains(&text.chars().count());
    if fits && !text.chars().any(char::is_control) && !text.trim().is_empty() {
        Ok(text)
    } else {
        Err(format!("a text is 1 to {chars_max} characters, none of them for control"))
    }
}

impl Territory {
    /// `MX`, or `ES-CN`.
    pub(crate) fn code(&self) -> String {
        let Place { country, subdivision } = &self.place.0;
        match subdivision {
            None => country.to_string(),
            Some(part) => format!("{country}-{part}"),
        }
    }

    /// The rows of a category on a day: one for each tax.
    pub(crate) fn rows(&self, category: Category, day: Date) -> impl Iterator<Item = &Row> {
        let on = move |row: &&Row| {
            row.categories.contains(&CategoryName(category))
                && row.from.0 <= day
                && row.to.as_ref().is_none_or(|to| day <= to.0)
        };
        self.rates.iter().filter(on)
    }
}

impl Table {
    /// The territory that `place` is in: its part of the country, or else the country.
    pub(crate) fn find(&self, place: &Place) -> Option<(usize, &Territory)> {
        let of =
            |wanted: &Place| self.places.iter().enumerate().find(|(_, it)| it.place.0 == *wanted);
        let applies = |(_, country): &(usize, &Territory)| {
            let excepted = |part: &String| country.except.iter().any(|it| it.0 == *part);
            !place.subdivision.as_ref().is_some_and(excepted)
        };
        of(place).or_else(|| of(&Place::of(place.country)).filter(applies))
    }

    /// Finds what is wrong between rows.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.places.is_empty() {
            return Err(misconfigured("config.places", "name at least one"));
        }
        for (index, territory) in self.places.iter().enumerate() {
            let path = format!("config.places[{index}]");
            let same = |other: &Territory| other.place == territory.place;
            if self.places.iter().take(index).any(same) {
                return Err(misconfigured(&format!("{path}.place"), "it is there twice"));
            }
            territory.check(&path)?;
        }
        Ok(())
    }
}

impl Territory {
    fn check(&self, path: &str) -> Result<(), Error> {
        if let Some(limit) = &self.imports.low_value {
            limit.check(&format!("{path}.imports.low_value"))?;
        }
        if self.code().contains('-') && !self.except.is_empty() {
            return Err(misconfigured(&format!("{path}.except"), "a part has no parts"));
        }
        for (index, row) in self.rates.iter().enumerate() {
            row.check(&format!("{path}.rates[{index}]"))?;
            let mut before = self.rates.iter().take(index).enumerate();
            if let Some((other, _)) = before.find(|(_, other)| self.collide(row, other)) {
                let text =
                    format!("it says something else of a day and category than rates[{other}]");
                return Err(misconfigured(&format!("{path}.rates[{index}]"), &text));
            }
        }
        let mut names: Vec<&str> =
            self.rates.iter().map(|row| self.tax_of(row).0.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        if names.is_empty() || names.len() > TAXES_MAX {
            let text = format!("a place has rates of one to {TAXES_MAX} taxes");
            return Err(misconfigured(&format!("{path}.rates"), &text));
        }
        Ok(())
    }

    /// Whether two rows are of one tax, category and day. The days are compared first: of the pairs of a long table few
    /// meet on one.
    fn collide(&self, one: &Row, other: &Row) -> bool {
        let begins_within = |row: &Row, other: &Row| {
            row.from.0 >= other.from.0 && other.to.as_ref().is_none_or(|to| row.from.0 <= to.0)
        };
        (begins_within(one, other) || begins_within(other, one))
            && one.categories.iter().any(|category| other.categories.contains(category))
            && self.tax_of(one) == self.tax_of(other)
    }

    /// The tax that a row is of.
    fn tax_of<'a>(&'a self, row: &'a Row) -> &'a Name {
        row.tax.as_ref().unwrap_or(&self.tax)
    }
}

impl Limit {
    fn check(&self, path: &str) -> Result<(), Error> {
        let read = purser_sdk::Money::parse(&self.amount, self.currency.0);
        let wrong = |error: purser_sdk::MoneyError| {
            misconfigured(&format!("{path}.amount"), &error.to_string())
        };
        read.map(drop).map_err(wrong)
    }
}

impl Row {
    fn check(&self, path: &str) -> Result<(), Error> {
        if self.categories.is_empty() {
            return Err(misconfigured(&format!("{path}.categories"), "name at least one"));
        }
        if self.to.as_ref().is_some_and(|to| to.0 < self.from.0) {
            return Err(misconfigured(&format!("{path}.to"), "it is before the first day"));
        }
        let bears = matches!(self.reason.0, Reason::Standard | Reason::Reduced);
        if bears == self.percent.is_zero() {
            let text = "standard and reduced rates are above zero, and all others are zero";
            return Err(misconfigured(&format!("{path}.percent"), text));
        }
        if self.tax.is_none() && self.authority.is_some() {
            let text = "only a tax of its own name has an authority of its own";
            return Err(misconfigured(&format!("{path}.authority"), text));
        }
        Ok(())
    }
}

/// What decides the territory of a line: the seller's place or the buyer's.
pub(crate) fn is_local(category: Category) -> bool {
    Supply::of(category) == Supply::Local
}
