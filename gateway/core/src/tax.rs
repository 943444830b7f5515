//! The taxes of a sale: what a tax plugin is asked, what it answers, and the check that its answer can be booked.
//!
//! Items that one merchant sells in one purchase are one tax document. The plugin rounds as its country's law
//! says for a document; here the result is allotted to the items, so that items sum to the document and each
//! can be refunded exactly.

use std::collections::BTreeSet;

use jiff::civil::Date;
use purser_money::{Currency, Money, MoneyError, Percent, Ratio, Rounding, allot_exact};
use serde::{Deserialize, Serialize};

use crate::place::Place;

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

/// Checks an assessment against its sale, and allots each tax to its lines: by largest remainder, in
/// proportion to each line's exact tax, ties in order.
pub fn allot_taxes(
    sale: &Sale,
    assessment: &Assessment,
) -> Result<Vec<TaxedLine>, AssessmentError> {
    if assessment.taxes.len() > ASSESSED_MAX {
        return Err(AssessmentError::TooManyTaxes);
    }
    let percents = percents_within(sale, assessment)?;
    let mut shares: Vec<Vec<(usize, Money)>> = vec![Vec::new(); sale.lines.len()];
    for (row, assessed) in assessment.taxes.iter().enumerate() {
        check_row(sale, assessed)?;
        let lines = lines_of(sale, assessed)?;
        let weights = weights(&lines, &percents)?;
        let allotted = if assessed.tax.is_zero() {
            vec![0; lines.len()]
        } else {
            allot_exact(assessed.tax.minor(), &weights)?
        };
        for ((index, _), minor) in lines.iter().zip(allotted) {
            if let Some(share) = shares.get_mut(*index) {
                share.push((row, Money::new(minor, sale.currency)));
            }
        }
    }
    let taxed =
        sale.lines.iter().zip(&shares).map(|(line, shares)| taxed_line(line, shares, assessment));
    let taxed = taxed.collect::<Result<Vec<_>, _>>()?;
    for (row, assessed) in assessment.taxes.iter().enumerate() {
        check_base(row, assessed, &shares, &taxed)?;
    }
    Ok(taxed)
}

/// For each line the sum of the percentages on it, by which an inclusive price is taken apart.
fn percents_within(sale: &Sale, assessment: &Assessment) -> Result<Vec<Percent>, AssessmentError> {
    let mut sums = vec![Percent::ZERO; sale.lines.len()];
    for assessed in &assessment.taxes {
        for (index, _) in lines_of(sale, assessed)? {
            if let Some(sum) = sums.get_mut(index) {
                *sum = sum.plus(assessed.rate)?;
            }
        }
    }
    Ok(sums)
}

fn check_row(sale: &Sale, assessed: &Assessed) -> Result<(), AssessmentError> {
    let Assessed { name, jurisdiction, authority, category, reason, base, tax, .. } = assessed;
    let printable = |text: &String| {
        !text.is_empty() && text.chars().count() <= 80 && !text.chars().any(char::is_control)
    };
    if ![name, jurisdiction, category, reason].into_iter().all(printable) {
        return Err(AssessmentError::Text);
    }
    if !crate::account::is_authority(authority) {
        return Err(AssessmentError::Authority);
    }
    if base.currency() != sale.currency || tax.currency() != sale.currency {
        return Err(AssessmentError::Currency);
    }
    if tax.minor() < 0 || base.minor() < 0 {
        return Err(AssessmentError::Negative);
    }
    let exact = assessed.rate.of(*base, Rounding::HalfUp)?;
    let off = exact.minor().abs_diff(tax.minor());
    // A law may round at each line, and an inclusive price is net and tax rounded together.
    let tolerance = u64::try_from(assessed.lines.len()).unwrap_or(u64::MAX);
    if off > tolerance || (assessed.rate.is_zero() && !tax.is_zero()) {
        return Err(AssessmentError::RateMismatch);
    }
    Ok(())
}

/// The lines that a tax names, with their index, in the order of the sale.
fn lines_of<'a>(
    sale: &'a Sale,
    assessed: &Assessed,
) -> Result<Vec<(usize, &'a Line)>, AssessmentError> {
    let numbers: BTreeSet<u32> = assessed.lines.iter().copied().collect();
    if numbers.len() != assessed.lines.len() || numbers.is_empty() {
        return Err(AssessmentError::UnknownLine);
    }
    let line = |number: u32| {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        Some((index, sale.lines.get(index)?))
    };
    numbers.into_iter().map(|number| line(number).ok_or(AssessmentError::UnknownLine)).collect()
}

/// Each line's exact net. All lines of a row bear one rate, so these are in proportion to their exact taxes.
fn weights(lines: &[(usize, &Line)], totals: &[Percent]) -> Result<Vec<Ratio>, AssessmentError> {
    let whole = Percent::from_parts(100, 0)?;
    let weight = |(index, line): &(usize, &Line)| {
        let price = Ratio::whole(line.amount.minor());
        if !line.tax_inclusive {
            return Ok(price);
        }
        whole.ratio_within(price, totals.get(*index).copied().unwrap_or(Percent::ZERO))
    };
    lines.iter().map(weight).collect::<Result<_, MoneyError>>().map_err(AssessmentError::from)
}

fn taxed_line(
    line: &Line,
    shares: &[(usize, Money)],
    assessment: &Assessment,
) -> Result<TaxedLine, AssessmentError> {
    if shares.is_empty() {
        return Err(AssessmentError::LineForgotten);
    }
    let tax = Money::sum(shares.iter().map(|(_, tax)| *tax), line.amount.currency())?;
    let (net, gross) = if line.tax_inclusive {
        (line.amount.minus(tax)?, line.amount)
    } else {
        (line.amount, line.amount.plus(tax)?)
    };
    if net.minor() < 0 {
        return Err(AssessmentError::RateMismatch);
    }
    let rows = shares.iter().filter_map(|(row, tax)| Some((assessment.taxes.get(*row)?, *tax)));
    let taxes = rows.map(|(assessed, tax)| ItemTax {
        name: assessed.name.clone(),
        jurisdiction: assessed.jurisdiction.clone(),
        authority: assessed.authority.clone(),
        category: assessed.category.clone(),
        reason: assessed.reason.clone(),
        rate: assessed.rate,
        base: net,
        tax,
    });
    Ok(TaxedLine { net, gross, taxes: taxes.collect() })
}

fn check_base(
    row: usize,
    assessed: &Assessed,
    shares: &[Vec<(usize, Money)>],
    taxed: &[TaxedLine],
) -> Result<(), AssessmentError> {
    let on_row =
        shares.iter().zip(taxed).filter(|(shares, _)| shares.iter().any(|(of, _)| *of == row));
    let net = Money::sum(on_row.map(|(_, line)| line.net), assessed.base.currency())?;
    // Of an inclusive price with several taxes a plugin may leave the odd unit to another row.
    let tolerance = u64::try_from(assessed.lines.len()).unwrap_or(u64::MAX);
    if net.minor().abs_diff(assessed.base.minor()) > tolerance {
        return Err(AssessmentError::BaseMismatch);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn eur(text: &str) -> Money {
        Money::parse(text, Currency::parse("EUR").unwrap()).unwrap()
    }

    fn sale(lines: &[(&str, bool)]) -> Sale {
        let line = |(amount, tax_inclusive): &(&str, bool)| Line {
            category: Category::General,
            amount: eur(amount),
            tax_inclusive: *tax_inclusive,
        };
        Sale {
            date: "2024-06-28".parse().unwrap(),
            currency: Currency::parse("EUR").unwrap(),
            seller: Place::parse("DE").unwrap(),
            registrations: Vec::new(),
            buyer: Place::parse("DE").unwrap(),
            buyer_tax_id: None,
            lines: lines.iter().map(line).collect(),
        }
    }

    fn vat(base: &str, tax: &str, lines: &[u32]) -> Assessed {
        Assessed {
            name: "MwSt.".into(),
            jurisdiction: "DE".into(),
            authority: "DE".into(),
            category: "general".into(),
            reason: "standard".into(),
            rate: Percent::parse("19").unwrap(),
            base: eur(base),
            tax: eur(tax),
            lines: lines.to_vec(),
        }
    }

    fn allotted(
        sale: &Sale,
        taxes: Vec<Assessed>,
    ) -> Result<Vec<(String, String)>, AssessmentError> {
        let lines = allot_taxes(sale, &Assessment { taxes, law: String::new() })?;
        Ok(lines.iter().map(|line| (line.net.amount(), line.gross.amount())).collect())
    }

    fn pairs(expected: &[(&str, &str)]) -> Result<Vec<(String, String)>, AssessmentError> {
        Ok(expected.iter().map(|(net, gross)| (net.to_string(), gross.to_string())).collect())
    }

    #[test]
    fn items_sum_to_the_document() {
        // 3 x 0.10 at 19 % is 0.057: rounded once, 0.06, where rounding each would give 0.06 by luck;
        // 3 x 0.13 is 0.0741, so 0.07 against 0.06 for 0.02 each: the first line gets the odd cent.
        let three = [("0.13", false); 3];
        assert_eq!(
            allotted(&sale(&three), vec![vat("0.39", "0.07", &[1, 2, 3])]),
            pairs(&[("0.13", "0.16"), ("0.13", "0.15"), ("0.13", "0.15")])
        );
        assert_eq!(
            allotted(
                &sale(&[("11.90", true), ("10.00", false)]),
                vec![vat("20.00", "3.80", &[1, 2])]
            ),
            pairs(&[("10.00", "11.90"), ("10.00", "11.90")])
        );
    }

    #[test]
    fn ties_of_inclusive_prices_go_in_order() {
        // 6 in proportion to 30 and 10 is 4.5 and 1.5, exactly: the first line gets the odd cent.
        let check = |prices: [(&str, bool); 2], expected: [(&str, &str); 2]| {
            let taxes = vec![vat("0.34", "0.06", &[1, 2])];
            assert_eq!(allotted(&sale(&prices), taxes), pairs(&expected));
        };
        check([("0.30", true), ("0.10", true)], [("0.25", "0.30"), ("0.09", "0.10")]);
        check([("0.10", true), ("0.30", true)], [("0.08", "0.10"), ("0.26", "0.30")]);
    }

    #[test]
    fn the_largest_price_that_can_be_written_is_allotted() {
        let most = "999999999999999.99";
        let tax = "159663865546218.49";
        let net = "840336134453781.50";
        assert_eq!(
            allotted(&sale(&[(most, true)]), vec![vat(net, tax, &[1])]),
            pairs(&[(net, most)])
        );
    }

    #[test]
    fn an_answer_that_breaks_the_contract_is_refused() {
        let check = |taxes: Vec<Assessed>, expected| {
            assert_eq!(allotted(&sale(&[("10.00", false), ("5.00", false)]), taxes), Err(expected));
        };
        let good = || vat("15.00", "2.85", &[1, 2]);
        check(vec![], AssessmentError::LineForgotten);
        check(vec![vat("10.00", "1.90", &[1])], AssessmentError::LineForgotten);
        check(vec![vat("15.00", "2.85", &[1, 3])], AssessmentError::UnknownLine);
        check(vec![vat("15.00", "2.85", &[1, 1])], AssessmentError::UnknownLine);
        check(vec![vat("15.00", "2.88", &[1, 2])], AssessmentError::RateMismatch);
        check(vec![vat("20.00", "3.80", &[1, 2])], AssessmentError::BaseMismatch);
        check(
            vec![Assessed { tax: eur("2.85").negated().unwrap(), ..good() }],
            AssessmentError::Negative,
        );
        let dollars = Money::parse("2.85", Currency::parse("USD").unwrap()).unwrap();
        check(vec![Assessed { tax: dollars, ..good() }], AssessmentError::Currency);
        check(vec![Assessed { authority: "x:y".into(), ..good() }], AssessmentError::Authority);
        check(vec![Assessed { name: "a\nb".into(), ..good() }], AssessmentError::Text);
        check(vec![good(); 257], AssessmentError::TooManyTaxes);
    }
}
