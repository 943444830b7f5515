//! What a sale comes to.

use super::*;
use purser_sdk::{Currency, Date, Line, Money, Place, date};

fn taxed(sale: &Sale) -> Result<Assessment, Error> {
    assess(sale, &Config::default())
}

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
        lines: (1..).zip(lines).map(|(id, (category, price))| line(id, *category, price)).collect(),
        attributes: vec![],
    }
}

/// Each tax as `DE 19 standard: 20.00 + 3.80 on [1, 2]`.
fn shown(sale: &Sale) -> Vec<String> {
    let taxes = taxed(sale).unwrap().taxes.into_iter().map(|it| {
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
    let error = taxed(sale).unwrap_err();
    (error.problem(), error.field().unwrap_or_default().to_owned())
}

use Category::{Accommodation, Book, DigitalService, Ebook, Food, General, Postage, Restaurant};

#[test]
fn two_items_of_ten_euros_bear_three_eighty_in_germany() {
    let sale = sale("DE", "DE", None, &[(General, "10.00"), (General, "10.00")]);
    assert_eq!(shown(&sale), ["DE 19 standard: 20.00 + 3.80 on [1, 2]"]);
    let assessment = taxed(&sale).unwrap();
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
    let lines =
        [(General, "100.00"), (Restaurant, "100.00"), (Accommodation, "100.00"), (Postage, "1.00")];
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
        let found = taxed(&sale).unwrap().taxes.remove(0);
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
        let law = taxed(&sale(seller, buyer, None, lines)).unwrap().law;
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
        taxed(&swiss).unwrap()
    };
    let found = francs(&[(General, "19.90")]);
    assert_eq!(found.taxes[0].tax.amount(), "1.61");
    assert_eq!(found.rounding.cash_step, Some(5));
}

#[test]
fn what_leaves_bears_no_tax() {
    let check = |route: (&str, &str), category, expected: &str| {
        let found = shown(&sale(route.0, route.1, None, &[(category, "10.00")]));
        assert_eq!(found, [format!("{expected}: 10.00 + 0.00 on [1]")], "{route:?}");
    };
    check(("DE", "US"), General, "DE 0 export");
    check(("DE", "US"), DigitalService, "DE 0 outside-scope");
    check(("GB", "US"), General, "GB 0 export");
    check(("NO", "US"), DigitalService, "NO 0 export");
    check(("CH", "US"), General, "CH 0 export");
    // A seller on the Canary Islands imports into Germany, and cannot shift the tax to a business.
    assert_eq!(
        shown(&sale("ES-CN", "DE", Some("DE136695976"), &[(General, "10.00")])),
        ["DE 19 standard: 10.00 + 1.90 on [1]"]
    );
}

#[test]
fn a_part_of_a_country_has_its_own_rates() {
    let lines = [(General, "100.00"), (Book, "100.00"), (DigitalService, "100.00")];
    assert_eq!(
        shown(&sale("DE", "PT-20", None, &lines)),
        [
            "PT-20 16 standard: 100.00 + 16.00 on [1]",
            "PT-20 4 reduced: 100.00 + 4.00 on [2]",
            "PT-20 16 standard: 100.00 + 16.00 on [3]"
        ]
    );
    assert_eq!(
        shown(&sale("PT-30", "DE", None, &[(Restaurant, "100.00")])),
        ["PT-30 12 reduced: 100.00 + 12.00 on [1]"]
    );
    let found = taxed(&sale("DE", "PT-20", None, &lines)).unwrap();
    assert!(found.taxes.iter().all(|tax| tax.authority == "PT"));
}

#[test]
fn iceland_has_two_rates() {
    assert_eq!(
        shown(&sale("IS", "IS", None, &[(General, "100.00"), (Food, "100.00")])),
        ["IS 24 standard: 100.00 + 24.00 on [1]", "IS 11 reduced: 100.00 + 11.00 on [2]"]
    );
}

#[test]
fn categories_at_one_rate_are_rounded_as_one() {
    // 7 % of 0.50 are 3.5 cents twice, and 7 cents together.
    assert_eq!(
        shown(&sale("DE", "DE", None, &[(Book, "0.50"), (Food, "0.50")])),
        ["DE 7 reduced: 0.50 + 0.04 on [1]", "DE 7 reduced: 0.50 + 0.03 on [2]"]
    );
}

#[test]
fn the_one_stop_shop_is_paid_where_the_operator_has_it_so() {
    let registration = |authority: &str, scheme: &str| purser_sdk::tax::Registration {
        authority: authority.to_owned(),
        scheme: scheme.to_owned(),
        number: "DE136695976".to_owned(),
    };
    let lines = [(General, "1.00")];
    let check = |buyer, number, registrations: &[_], one_stop_shop, expected: &str| {
        let sale =
            Sale { registrations: registrations.to_vec(), ..sale("DE", buyer, number, &lines) };
        let config = Config { one_stop_shop, ..Config::default() };
        let found = assess(&sale, &config).unwrap().taxes.remove(0);
        assert_eq!(found.authority, expected, "{buyer}");
    };
    let shop = [registration("DE", "oss")];
    check("FI", None, &shop, true, "OSS-DE");
    check("PT-20", None, &shop, true, "OSS-DE");
    check("FI", None, &shop, false, "FI");
    check("FI", None, &[], true, "FI");
    check("DE", None, &shop, true, "DE");
    check("GB", None, &shop, true, "GB");
    check("FI", Some("FI20774740"), &shop, true, "FI");
    check("FI", None, &[registration("DE", "OSS"), registration("FI", "vat")], true, "FI");
}

#[test]
fn what_is_not_known_is_refused() {
    let refuses = |sale: &Sale, problem, field: &str| {
        assert_eq!(refused(sale), (problem, field.to_owned()));
    };
    let one = |seller, buyer, category| sale(seller, buyer, None, &[(category, "1.00")]);
    use Problem::{TaxCategoryUnsupported, TaxCountryUnsupported, TaxIdInvalid};
    refuses(&one("US", "US", General), TaxCountryUnsupported, "buyer");
    refuses(&one("US", "ES-CN", General), TaxCountryUnsupported, "buyer");
    refuses(&one("ES", "ES-CN", General), TaxCountryUnsupported, "buyer");
    refuses(&one("DE", "ES-CN", DigitalService), TaxCountryUnsupported, "buyer");
    refuses(&one("DE", "FR-2A", General), TaxCountryUnsupported, "buyer");
    refuses(&one("PT", "PT-20", General), TaxCountryUnsupported, "buyer");
    refuses(&one("ES-CN", "ES-CN", Restaurant), TaxCountryUnsupported, "seller");
    refuses(&one("DE", "FI-01", General), TaxCountryUnsupported, "buyer");
    refuses(&one("US", "DE", Restaurant), TaxCountryUnsupported, "seller");
    refuses(&one("DE", "IT", Food), TaxCategoryUnsupported, "lines[0].category");
    refuses(&one("NO", "NO", Postage), TaxCategoryUnsupported, "lines[0].category");
    let wrong = sale("FR", "DE", Some("DE136695978"), &[(General, "1.00")]);
    refuses(&wrong, TaxIdInvalid, "tax_id");
    for day in [date(2023, 12, 31), date(2028, 1, 1)] {
        let sale = Sale { date: day, ..one("DE", "DE", General) };
        refuses(&sale, TaxCategoryUnsupported, "date");
        let sale = Sale { date: day, ..one("US", "US", General) };
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
