//! One sale: where each line is taxed, at which rate, and who owes it.

use purser_sdk::{
    Assessment, Category, Country, Document, Error, Levy, Percent, Place, Policy, Problem, Reason,
    Sale, Supply,
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
    let buyer_number = sale.buyer_number()?;
    let mut document = Document::new(policy(sale), sale.currency);
    let (mut sources, mut roundings) = (Vec::new(), Vec::new());
    for (index, line) in sale.lines.iter().enumerate() {
        let land = place_of_supply(sale, line.category)?;
        sale.check_day(rates::COVERED_FROM, rates::COVERED_TO)?;
        let (levy, source) = levy(sale, line.category, land, buyer_number)
            .map_err(|error| error.at(format!("lines[{index}].category")))?;
        note(&mut sources, source);
        note(&mut roundings, land.rounding);
        document.add(line, &[levy]).map_err(|error| error.at(format!("lines[{index}].amount")))?;
    }
    let law = format!("{}; rounded once per rate: {}", sources.join("; "), roundings.join("; "));
    document.assess(law)
}

/// All of these laws round the tax of a document once for each rate, a half up. Which coins there are depends on the
/// currency.
fn policy(sale: &Sale) -> Policy {
    match sale.currency.code() {
        "CHF" => Policy::switzerland(sale.currency),
        _ => Policy::per_rate(sale.currency),
    }
}

fn note(laws: &mut Vec<&'static str>, law: &'static str) {
    if !laws.contains(&law) {
        laws.push(law);
    }
}

fn levy(
    sale: &Sale,
    category: Category,
    land: &'static Land,
    buyer_number: Option<Country>,
) -> Result<(Levy<'static>, &'static str), Error> {
    let levy = |reason, rate| Levy {
        name: land.tax,
        jurisdiction: land.code(),
        authority: land.code(),
        reason,
        rate,
    };
    if category == Category::Postage {
        return Ok((levy(Reason::Exempt, Percent::ZERO), stamps(land)?));
    }
    if let Some(law) = owed_by_buyer(sale, category, land, buyer_number) {
        return Ok((levy(Reason::ReverseCharge, Percent::ZERO), law));
    }
    let row = rates::find(land, category, sale.date)?;
    Ok((levy(row.reason, row.rate()?), row.source))
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

fn place_of_supply(sale: &Sale, category: Category) -> Result<&'static Land, Error> {
    let (place, field): (&Place, _) = match Supply::of(category) {
        Supply::Local => (&sale.seller, "seller"),
        Supply::Goods | Supply::Electronic => (&sale.buyer, "buyer"),
    };
    countries::find(place).map_err(|error| error.at(field))
}

/// The law by which a business that buys from abroad owes the tax itself, if it does.
fn owed_by_buyer(
    sale: &Sale,
    category: Category,
    land: &Land,
    buyer_number: Option<Country>,
) -> Option<&'static str> {
    let seller = sale.seller.country;
    let is_business =
        buyer_number.is_some_and(|number| number != seller && land.issues_numbers_of(number));
    if !is_business || land.is_home_of(seller) {
        return None;
    }
    let within_union = land.in_union && countries::of(seller).is_some_and(|seller| seller.in_union);
    match Supply::of(category) {
        Supply::Local => None,
        Supply::Goods | Supply::Electronic if within_union => Some(REVERSE_CHARGE),
        // Goods from beyond a border are imported, which a sale does not tell enough about.
        Supply::Goods => None,
        Supply::Electronic => Some(land.services),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use purser_sdk::{Currency, Date, Line, Money, date};

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

    use Category::{
        Accommodation, Book, DigitalService, Ebook, Food, General, Postage, Restaurant,
    };

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
        // A Northern Irish or Swiss number is none of a business in a member state.
        check("FR", Some("XI980780684"), charged);
        check("FR", Some("CHE-107.787.577 MWST"), charged);
        assert_eq!(
            shown(&sale("DE", "GB", Some("GB980780684"), &[(General, "100.00")])),
            ["GB 20 standard: 100.00 + 20.00 on [1]"]
        );
        // What Italy splits for consumers is not asked of a business.
        assert_eq!(
            shown(&sale("DE", "IT", Some("IT00743110157"), &[(Food, "1.00")])),
            ["IT 0 reverse-charge: 1.00 + 0.00 on [1]"]
        );
        // A night in a hotel is taxed where the hotel is, whoever sleeps there.
        assert_eq!(
            shown(&sale("FR", "DE", Some("DE136695976"), &[(Accommodation, "100.00")])),
            ["FR 10 reduced: 100.00 + 10.00 on [1]"]
        );
    }

    #[test]
    fn a_business_owes_the_tax_on_services_from_anywhere_abroad() {
        let check = |seller, buyer, number, category, reason: &str| {
            let sale = sale(seller, buyer, Some(number), &[(category, "100.00")]);
            let found = assess(&sale).unwrap().taxes.remove(0);
            let expected = (buyer.to_owned(), reason);
            assert_eq!((found.jurisdiction, found.reason.name()), expected, "{seller} to {buyer}");
        };
        let (owed, charged) = ("reverse-charge", "standard");
        check("GB", "DE", "DE136695976", DigitalService, owed);
        check("US", "DE", "DE136695976", DigitalService, owed);
        check("US", "IT", "IT00743110157", Ebook, owed);
        check("DE", "GB", "GB980780684", DigitalService, owed);
        check("DE", "GB", "XI980780684", DigitalService, owed);
        check("DE", "CH", "CHE-107.787.577 MWST", DigitalService, owed);
        check("DE", "LI", "CHE-107.787.577 MWST", DigitalService, owed);
        check("SE", "NO", "NO995525828MVA", DigitalService, owed);
        // Goods from beyond the border are taxed as to anybody.
        check("US", "DE", "DE136695976", General, charged);
        check("SE", "NO", "NO995525828MVA", General, charged);
        // At home, or with the number of a business elsewhere, nothing is different.
        check("GB", "GB", "GB980780684", DigitalService, charged);
        check("CH", "LI", "CHE-107.787.577 MWST", DigitalService, charged);
        check("US", "DE", "GB980780684", DigitalService, charged);
        check("DE", "GB", "DE136695976", DigitalService, charged);
        check("DE", "CH", "DE136695976", DigitalService, charged);
    }

    #[test]
    fn each_country_names_its_own_law_of_rounding() {
        let law = |seller, buyer, lines: &[(Category, &str)]| {
            let law = assess(&sale(seller, buyer, None, lines)).unwrap().law;
            law.rsplit("rounded once per rate: ").next().unwrap().to_owned()
        };
        assert_eq!(law("DE", "DE", &[(General, "1.00")]), "EN 16931, BR-CO-17");
        assert_eq!(law("DE", "GB", &[(General, "1.00")]), "HMRC VATREC12030");
        assert_eq!(law("NO", "NO", &[(General, "1.00")]), "EN 16931, BR-CO-17 (EHF)");
        assert_eq!(
            law("DE", "GB", &[(General, "1.00"), (Restaurant, "1.00")]),
            "HMRC VATREC12030; EN 16931, BR-CO-17"
        );
        // 0.03 with 20 % in it has half a penny of tax, which is rounded up; 0.4 of a penny is dropped.
        assert_eq!(
            shown(&sale("GB", "GB", None, &[(General, "0.03 gross")])),
            ["GB 20 standard: 0.02 + 0.01 on [1]"]
        );
        assert_eq!(
            shown(&sale("GB", "GB", None, &[(General, "0.02")])),
            ["GB 20 standard: 0.02 + 0.00 on [1]"]
        );
        // The tax of a Swiss document is exact to hundredths; only coins come in fives.
        let francs = |lines: &[(Category, &str)]| {
            let mut swiss = sale("CH", "CH", None, lines);
            swiss.currency = Currency::parse("CHF").unwrap();
            for line in &mut swiss.lines {
                line.amount = Money::new(line.amount.minor(), swiss.currency);
            }
            assess(&swiss).unwrap()
        };
        let found = francs(&[(General, "19.90")]);
        assert_eq!(found.taxes[0].tax.amount(), "1.61");
        assert_eq!(found.rounding.cash_step, Some(5));
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
            refuses(&sale, TaxCategoryUnsupported, "date");
            let sale = Sale { date: day, ..one("DE", "US", General) };
            refuses(&sale, TaxCountryUnsupported, "buyer");
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
