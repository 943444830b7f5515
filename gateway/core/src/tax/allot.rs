//! Checking what a tax plugin answered, and sharing the taxes of a document among its items.

use purser_money::{Money, MoneyError, Percent, Ratio, Rounding, allot_exact};

use super::{ASSESSED_MAX, Assessed, Assessment, AssessmentError, ItemTax, Line, Sale, TaxedLine};
use crate::text::is_plain;

/// What a receipt prints in one line.
const TEXT_CHARS_MAX: usize = 80;

/// Checks an assessment against its sale, and allots each tax to its lines: by largest remainder, in
/// proportion to each line's exact tax, ties in order.
pub fn allot_taxes(
    sale: &Sale,
    assessment: &Assessment,
) -> Result<Vec<TaxedLine>, AssessmentError> {
    if assessment.taxes.len() > ASSESSED_MAX {
        return Err(AssessmentError::TooManyTaxes);
    }
    let on_lines = assessment.taxes.iter().map(|assessed| lines_of(sale, assessed));
    let on_lines = on_lines.collect::<Result<Vec<_>, _>>()?;
    let percents = percents_within(sale, assessment, &on_lines)?;
    let mut shares: Vec<Vec<(usize, Money)>> = vec![Vec::new(); sale.lines.len()];
    for (row, (assessed, lines)) in assessment.taxes.iter().zip(&on_lines).enumerate() {
        check_row(sale, assessed, tolerance(assessed, assessment))?;
        let weights = weights(lines, &percents)?;
        let allotted = if assessed.tax.is_zero() {
            vec![0; lines.len()]
        } else {
            let allotted = allot_exact(assessed.tax.minor(), &weights)?;
            within_prices(allotted, &rooms(lines, &shares)?)
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
        check_base(row, assessed, tolerance(assessed, assessment), &shares, &taxed)?;
    }
    Ok(taxed)
}

/// For each line the sum of the percentages on it, by which an inclusive price is taken apart.
fn percents_within(
    sale: &Sale,
    assessment: &Assessment,
    on_lines: &[Vec<(usize, &Line)>],
) -> Result<Vec<Percent>, AssessmentError> {
    let mut sums = vec![Percent::ZERO; sale.lines.len()];
    for (assessed, lines) in assessment.taxes.iter().zip(on_lines) {
        for (index, _) in lines {
            if let Some(sum) = sums.get_mut(*index) {
                *sum = sum.plus(assessed.rate)?;
            }
        }
    }
    Ok(sums)
}

/// By how many minor units a tax may be off: a law may round at each line, or the whole to coarser units than the
/// currency's, as India's does (CGST Act s 170: to the rupee); and an inclusive price is net and tax rounded together.
fn tolerance(assessed: &Assessed, assessment: &Assessment) -> u64 {
    let decimals = assessed.tax.currency().decimals();
    let dropped = u32::from(decimals.saturating_sub(assessment.rounding_decimals));
    let unit = 10_u64.checked_pow(dropped).unwrap_or(u64::MAX);
    let lines = u64::try_from(assessed.lines.len()).unwrap_or(u64::MAX);
    unit.saturating_add(lines).saturating_sub(1)
}

fn check_row(sale: &Sale, assessed: &Assessed, tolerance: u64) -> Result<(), AssessmentError> {
    let Assessed { name, jurisdiction, authority, category, reason, base, tax, .. } = assessed;
    let printable = |text: &String| !text.is_empty() && is_plain(text, TEXT_CHARS_MAX);
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
    let mut numbers = assessed.lines.clone();
    numbers.sort_unstable();
    numbers.dedup();
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

/// What each line can bear yet: a price that includes its taxes is never less than they are.
fn rooms(
    lines: &[(usize, &Line)],
    shares: &[Vec<(usize, Money)>],
) -> Result<Vec<i64>, AssessmentError> {
    let room = |(index, line): &(usize, &Line)| {
        if !line.tax_inclusive {
            return Ok(i64::MAX);
        }
        let borne = shares.get(*index).into_iter().flatten().map(|(_, tax)| *tax);
        Ok(line.amount.minus(Money::sum(borne, line.amount.currency())?)?.minor())
    };
    lines.iter().map(room).collect()
}

/// Moves what a line has no room for to the next ones of the row that have some: of many small prices under several taxes
/// the first lines would get the odd unit of each, and be sold for less than nothing.
fn within_prices(mut allotted: Vec<i64>, rooms: &[i64]) -> Vec<i64> {
    let mut homeless = 0_i64;
    for (part, room) in allotted.iter_mut().zip(rooms) {
        homeless = homeless.saturating_add(part.saturating_sub(*room).max(0));
        *part = (*part).min(*room);
    }
    for (part, room) in allotted.iter_mut().zip(rooms) {
        let moved = homeless.min(room.saturating_sub(*part));
        *part = part.saturating_add(moved);
        homeless = homeless.saturating_sub(moved);
    }
    // More tax than all prices together: the check of the line says so.
    if let Some(first) = allotted.first_mut() {
        *first = first.saturating_add(homeless);
    }
    allotted
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
    tolerance: u64,
    shares: &[Vec<(usize, Money)>],
    taxed: &[TaxedLine],
) -> Result<(), AssessmentError> {
    let on_row =
        shares.iter().zip(taxed).filter(|(shares, _)| shares.iter().any(|(of, _)| *of == row));
    let net = Money::sum(on_row.map(|(_, line)| line.net), assessed.base.currency())?;
    // Of an inclusive price with several taxes a plugin may leave the odd unit to another row.
    if net.minor().abs_diff(assessed.base.minor()) > tolerance {
        return Err(AssessmentError::BaseMismatch);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use purser_money::Currency;

    use super::*;
    use crate::{place::Place, tax::Category};

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
        let assessment = Assessment { taxes, rounding_decimals: 2, law: String::new() };
        let lines = allot_taxes(sale, &assessment)?;
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
    fn a_law_may_round_to_whole_units_of_the_currency() {
        // India, CGST Act s 170, in any currency: 18 % of 99.00 is 17.82, payable as 18.00.
        let sale = sale(&[("49.00", false), ("50.00", false)]);
        let gst = |tax| {
            let rate = Percent::parse("18").unwrap();
            vec![Assessed { rate, ..vat("99.00", tax, &[1, 2]) }]
        };
        let allotted = |tax, rounding_decimals| {
            let assessment = Assessment { taxes: gst(tax), rounding_decimals, law: String::new() };
            let lines = allot_taxes(&sale, &assessment)?;
            Ok(lines.into_iter().map(|line| line.gross.amount()).collect::<Vec<_>>())
        };
        assert_eq!(allotted("18.00", 0), Ok(vec!["57.91".to_owned(), "59.09".to_owned()]));
        assert_eq!(allotted("18.00", 2), Err(AssessmentError::RateMismatch));
        assert_eq!(allotted("21.00", 0), Err(AssessmentError::RateMismatch));
        assert_eq!(allotted("17.82", 18).map(|lines| lines.len()), Ok(2));
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

    /// An assessment as a law makes it that rounds each tax of a document by itself.
    fn of_inclusive(prices: &[i64], rates: &[&str]) -> (Sale, Assessment) {
        let texts: Vec<String> = prices.iter().map(|minor| format!("0.{minor:02}")).collect();
        let lines: Vec<(&str, bool)> = texts.iter().map(|text| (text.as_str(), true)).collect();
        let sale = sale(&lines);
        let total = Ratio::whole(prices.iter().sum());
        let parts = rates.iter().map(|rate| Percent::parse(rate).unwrap());
        let sum = parts.clone().try_fold(Percent::ZERO, |sum, rate| sum.plus(rate)).unwrap();
        let whole = Percent::from_parts(100, 0).unwrap();
        let net = whole.ratio_within(total, sum).unwrap().round(Rounding::HalfUp).unwrap();
        let numbers: Vec<u32> = (1..).take(prices.len()).collect();
        let row = |rate: Percent| {
            let exact = rate.ratio_within(total, sum).unwrap();
            let tax = Money::new(exact.round(Rounding::HalfUp).unwrap(), sale.currency);
            let base = Money::new(net, sale.currency);
            Assessed { rate, base, tax, ..vat("0.00", "0.00", &numbers) }
        };
        let taxes = parts.map(row).collect();
        let assessment = Assessment { taxes, rounding_decimals: 2, law: "a law".into() };
        (sale, assessment)
    }

    #[test]
    fn no_line_bears_more_tax_than_it_costs() {
        for rates in [&["9", "9"][..], &["5", "9.975"], &["5", "7"], &["6.25", "2", "1", "0.5"]] {
            for count in 1..=50 {
                for price in 1..=9 {
                    let prices: Vec<i64> = (0..count).map(|n| (price + n) % 9 + 1).collect();
                    for prices in [vec![price; usize::try_from(count).unwrap()], prices] {
                        let (sale, assessment) = of_inclusive(&prices, rates);
                        let taxed = allot_taxes(&sale, &assessment);
                        let taxed =
                            taxed.unwrap_or_else(|error| panic!("{prices:?} {rates:?}: {error}"));
                        for (line, taxed) in sale.lines.iter().zip(&taxed) {
                            assert!(taxed.net.minor() >= 0 && taxed.gross == line.amount);
                        }
                        for (row, assessed) in assessment.taxes.iter().enumerate() {
                            let borne = taxed.iter().map(|line| line.taxes.get(row).unwrap().tax);
                            assert_eq!(Money::sum(borne, sale.currency), Ok(assessed.tax));
                        }
                    }
                }
            }
        }
    }
}
