//! One sale: where each line is taxed, at which rate, and who owes it.

use purser_sdk::{
    Assessment, Category, Country, Document, Error, Levy, Line, Percent, Place, Policy, Problem,
    Reason, Sale, Verdict, tax_id,
};

use crate::{
    countries::{self, Land},
    rates,
};

/// Stamps at face value, valid where they are sold.
const STAMPS: &str = "Directive 2006/112/EC art. 135(1)(h)";
const STAMPS_GB: &str = "VATA 1994 Sch. 9 group 3";
const STAMPS_CH: &str = "MWSTG Art. 21 Abs. 2 Ziff. 4";
/// Intra-Community supplies of goods, and services to businesses.
const REVERSE_CHARGE: &str = "Directive 2006/112/EC arts. 138 and 196";

pub(crate) fn assess(sale: &Sale) -> Result<Assessment, Error> {
    rates::check_day(sale.date)?;
    let buyer_number = buyer_number(sale)?;
    let mut document = Document::new(Policy::per_rate(sale.currency), sale.currency);
    let mut sources: Vec<&str> = Vec::new();
    for (index, line) in sale.lines.iter().enumerate() {
        let (levy, source) =
            levy(sale, line, buyer_number).map_err(|(field, error)| match field {
                Some(field) => error.at(field),
                None => error.at(format!("lines[{index}].category")),
            })?;
        if !sources.contains(&source) {
            sources.push(source);
        }
        document.add(line, &[levy])?;
    }
    document.assess(format!("{}; rounded once per rate: EN 16931, BR-CO-17", sources.join("; ")))
}

type Fault = (Option<&'static str>, Error);

fn levy(
    sale: &Sale,
    line: &Line,
    buyer_number: Option<Country>,
) -> Result<(Levy<'static>, &'static str), Fault> {
    let land = place_of_supply(sale, line.category)?;
    let levy = |reason, rate| Levy {
        name: land.tax,
        jurisdiction: land.code(),
        authority: land.code(),
        reason,
        rate,
    };
    if line.category == Category::Postage {
        let law = stamps(land).map_err(|error| (None, error))?;
        return Ok((levy(Reason::Exempt, Percent::ZERO), law));
    }
    if !taxed_at_seller(line.category) && owed_by_buyer(sale, land, buyer_number) {
        return Ok((levy(Reason::ReverseCharge, Percent::ZERO), REVERSE_CHARGE));
    }
    let row = rates::find(land, line.category, sale.date).map_err(|error| (None, error))?;
    let rate = row.rate().map_err(|error| (None, error))?;
    Ok((levy(row.reason, rate), row.source))
}

/// The law that exempts stamps.
fn stamps(land: &Land) -> Result<&'static str, Error> {
    match land.code() {
        _ if land.in_union => Ok(STAMPS),
        "GB" => Ok(STAMPS_GB),
        "CH" | "LI" => Ok(STAMPS_CH),
        code => Err(Error::new(
            Problem::TaxCategoryUnsupported,
            format!("this plugin has no sourced rule for stamps of {code}"),
        )),
    }
}

/// Lodging is where the house stands, a meal where it is served, a journey where it goes.
fn taxed_at_seller(category: Category) -> bool {
    match category {
        Category::Accommodation
        | Category::Restaurant
        | Category::PassengerTransport
        | Category::Postage => true,
        Category::General
        | Category::DigitalService
        | Category::Book
        | Category::Ebook
        | Category::Newspaper
        | Category::Food
        | Category::Medicine => false,
    }
}

fn place_of_supply(sale: &Sale, category: Category) -> Result<&'static Land, Fault> {
    let (place, field): (&Place, _) =
        if taxed_at_seller(category) { (&sale.seller, "seller") } else { (&sale.buyer, "buyer") };
    countries::find(place).map_err(|error| (Some(field), error))
}

/// Whether a business of one member state buys from another.
fn owed_by_buyer(sale: &Sale, land: &Land, buyer_number: Option<Country>) -> bool {
    let in_union =
        |country| countries::of(country).is_some_and(|land: &'static Land| land.in_union);
    let seller = sale.seller.country;
    buyer_number.is_some_and(|number| in_union(number) && number != seller)
        && land.in_union
        && land.country != seller
        && in_union(seller)
}

/// The country of the buyer's tax number, where one is given. A wrong one is refused, since
/// to ignore it would charge a business as a consumer without telling it.
fn buyer_number(sale: &Sale) -> Result<Option<Country>, Error> {
    let Some(number) = &sale.buyer_tax_id else { return Ok(None) };
    match tax_id::recognise(sale.buyer.country, number) {
        Verdict::Valid { country, .. } => Ok(Some(country)),
        Verdict::Invalid { country, reason } => Err(Error::new(
            Problem::TaxIdInvalid,
            format!("this is no tax number of {country}: {reason}"),
        )
        .at("tax_id")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use purser_sdk::{Currency, Date, Money, date};

    const NOW: Date = date(2026, 11, 1);

    fn place(text: &str) -> Place {
        let (country, part) = text.split_once('-').map_or((text, None), |(c, p)| (c, Some(p)));
        Place { country: Country::parse(country).unwrap(), subdivision: part.map(str::to_owned) }
    }

    fn line(id: u32, category: Category, price: &str) -> Line {
        let gross = price.strip_suffix(" gross");
        let eur = Currency::parse("EUR").unwrap();
        Line {
            id,
            category,
            quantity: 1,
            amount: Money::parse(gross.unwrap_or(price), eur).unwrap(),
            tax_inclusive: gross.is_some(),
            attributes: vec![],
        }
    }

    fn sale(seller: &str, buyer: &str, number: Option<&str>, lines: &[(Category, &str)]) -> Sale {
        Sale {
            date: NOW,
            currency: Currency::parse("EUR").unwrap(),
            seller: place(seller),
            registrations: vec![],
            buyer: place(buyer),
            buyer_tax_id: number.map(str::to_owned),
            lines: (1..)
                .zip(lines)
                .map(|(id, (category, price))| line(id, *category, price))
                .collect(),
            attributes: vec![],
        }
    }

    /// Each tax as `DE 19 standard: 20.00 + 3.80 on [1, 2]`.
    fn shown(sale: &Sale) -> Vec<String> {
        let taxes = assess(sale).unwrap().taxes.into_iter().map(|it| {
            format!(
                "{} {} {}: {} + {} on {:?}",
                it.jurisdiction,
                it.rate,
                it.reason,
                it.base.amount(),
                it.tax.amount(),
                it.lines
            )
        });
        taxes.collect()
    }

    fn refused(sale: &Sale) -> (Problem, String) {
        let error = assess(sale).unwrap_err();
        (error.problem(), error.field().unwrap_or_default().to_owned())
    }

    use Category::{Accommodation, Book, DigitalService, Food, General, Postage, Restaurant};

    #[test]
    fn two_items_of_ten_euros_bear_three_eighty_in_germany() {
        let sale = sale("DE", "DE", None, &[(General, "10.00"), (General, "10.00")]);
        assert_eq!(shown(&sale), ["DE 19 standard: 20.00 + 3.80 on [1, 2]"]);
        let assessment = assess(&sale).unwrap();
        assert_eq!(assessment.taxes[0].name, "MwSt.");
        assert_eq!(assessment.taxes[0].authority, "DE");
        assert!(assessment.law.contains("EN 16931"));
    }

    #[test]
    fn a_price_that_contains_the_tax_comes_to_the_same() {
        let sale = sale("DE", "DE", None, &[(General, "11.90 gross"), (Book, "10.70 gross")]);
        assert_eq!(
            shown(&sale),
            ["DE 19 standard: 10.00 + 1.90 on [1]", "DE 7 reduced: 10.00 + 0.70 on [2]"]
        );
    }

    #[test]
    fn tax_is_the_buyers_countrys_and_the_sellers_where_things_happen() {
        let lines = [
            (General, "100.00"),
            (Restaurant, "100.00"),
            (Accommodation, "100.00"),
            (Postage, "1.00"),
        ];
        assert_eq!(
            shown(&sale("FR", "FI", None, &lines)),
            [
                "FI 25.5 standard: 100.00 + 25.50 on [1]",
                "FR 10 reduced: 100.00 + 10.00 on [2]",
                "FR 10 reduced: 100.00 + 10.00 on [3]",
                "FR 0 exempt: 1.00 + 0.00 on [4]",
            ]
        );
        // Wherever the seller is.
        assert_eq!(
            shown(&sale("US", "DE", None, &[(DigitalService, "10.00")])),
            ["DE 19 standard: 10.00 + 1.90 on [1]"]
        );
    }

    #[test]
    fn a_business_in_another_member_state_owes_the_tax_itself() {
        let charged = ["DE 19 standard: 100.00 + 19.00 on [1]"];
        let owed = ["DE 0 reverse-charge: 100.00 + 0.00 on [1]"];
        let check = |seller, number, expected: [&str; 1]| {
            assert_eq!(shown(&sale(seller, "DE", number, &[(General, "100.00")])), expected);
        };
        check("FR", Some("DE136695976"), owed);
        check("FR", Some("136 695 976"), owed);
        check("FR", Some("ATU13585627"), owed);
        check("FR", None, charged);
        check("FR", Some("FR40303265045"), charged);
        check("DE", Some("DE136695976"), charged);
        check("GB", Some("DE136695976"), charged);
        // A Northern Irish or Swiss number is none of a member state.
        check("FR", Some("XI980780684"), charged);
        check("FR", Some("CHE-107.787.577 MWST"), charged);
        assert_eq!(
            shown(&sale("DE", "GB", Some("GB980780684"), &[(General, "100.00")])),
            ["GB 20 standard: 100.00 + 20.00 on [1]"]
        );
        // A night in a hotel is taxed where the hotel is, whoever sleeps there.
        assert_eq!(
            shown(&sale("FR", "DE", Some("DE136695976"), &[(Accommodation, "100.00")])),
            ["FR 10 reduced: 100.00 + 10.00 on [1]"]
        );
    }

    #[test]
    fn what_is_not_known_is_refused() {
        let refuses = |sale: &Sale, problem, field: &str| {
            assert_eq!(refused(sale), (problem, field.to_owned()));
        };
        let one = |seller, buyer, category| sale(seller, buyer, None, &[(category, "1.00")]);
        use Problem::{TaxCategoryUnsupported, TaxCountryUnsupported, TaxIdInvalid};
        refuses(&one("DE", "US", General), TaxCountryUnsupported, "buyer");
        refuses(&one("DE", "ES-CN", General), TaxCountryUnsupported, "buyer");
        refuses(&one("DE", "FI-01", General), TaxCountryUnsupported, "buyer");
        refuses(&one("US", "DE", Restaurant), TaxCountryUnsupported, "seller");
        refuses(&one("DE", "IT", Food), TaxCategoryUnsupported, "lines[0].category");
        refuses(&one("NO", "NO", Postage), TaxCategoryUnsupported, "lines[0].category");
        let wrong = sale("FR", "DE", Some("DE136695978"), &[(General, "1.00")]);
        refuses(&wrong, TaxIdInvalid, "tax_id");
        for day in [date(2023, 12, 31), date(2028, 1, 1)] {
            let sale = Sale { date: day, ..one("DE", "DE", General) };
            refuses(&sale, TaxCountryUnsupported, "date");
        }
    }

    #[test]
    fn a_thousand_lines_are_one_document() {
        let lines = vec![(General, "0.01"); 1000];
        let [tax] = shown(&sale("DE", "DE", None, &lines)).try_into().unwrap();
        let tax: String = tax;
        assert!(tax.starts_with("DE 19 standard: 10.00 + 1.90 on [1, 2, "), "{tax}");
    }
}
