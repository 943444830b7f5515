//! Rounding laws.

use purser_sdk::{
    Assessment, Category, Currency, Document, Level, Levy, Line, Money, Percent, Policy, Rate,
    Ratio, Reason, Rounding, Together,
};
use serde_json::Value;

use crate::{Example, area, text, texts};

fn currency(code: &str) -> Currency {
    Currency::parse(code).unwrap()
}

/// An amount that may be negative, as an allowance is.
fn money(amount: &str, code: &str) -> Money {
    match amount.strip_prefix('-') {
        Some(amount) => money(amount, code).negated().unwrap(),
        None => Money::parse(amount, currency(code)).unwrap(),
    }
}

struct Sold<'a> {
    amount: &'a str,
    rates: &'a [&'a str],
    tax_inclusive: bool,
}

fn net<'a>(amount: &'a str, rates: &'a [&'a str]) -> Sold<'a> {
    Sold { amount, rates, tax_inclusive: false }
}

fn gross<'a>(amount: &'a str, rates: &'a [&'a str]) -> Sold<'a> {
    Sold { amount, rates, tax_inclusive: true }
}

fn assess(policy: Policy, code: &str, lines: &[Sold<'_>]) -> Assessment {
    let mut document = Document::new(policy, currency(code));
    for (id, sold) in (1..).zip(lines) {
        let line = Line {
            id,
            category: Category::General,
            quantity: 1,
            amount: money(sold.amount, code),
            tax_inclusive: sold.tax_inclusive,
            attributes: vec![],
        };
        let levy = |rate: &&str| Levy {
            name: "tax",
            jurisdiction: "XX",
            authority: "XX",
            reason: if *rate == "0" { Reason::Exempt } else { Reason::Standard },
            rate: Percent::parse(rate).unwrap(),
        };
        document.add(&line, &sold.rates.iter().map(levy).collect::<Vec<_>>()).unwrap();
    }
    document.assess(String::new()).unwrap()
}

fn per_rate(code: &str) -> Policy {
    Policy::per_rate(currency(code))
}

fn taxes(assessment: &Assessment) -> Vec<String> {
    assessment.taxes.iter().map(|assessed| assessed.tax.amount()).collect()
}

fn total(assessment: &Assessment) -> Money {
    let of = assessment.taxes[0].tax.currency();
    Money::sum(assessment.taxes.iter().map(|assessed| assessed.tax), of).unwrap()
}

/// Net and tax of all lines.
fn sum(assessment: &Assessment) -> Money {
    let of = assessment.taxes[0].base.currency();
    let bases = Money::sum(assessment.taxes.iter().map(|assessed| assessed.base), of).unwrap();
    bases.plus(total(assessment)).unwrap()
}

fn rounded(policy: Policy, code: &str, amounts: &[&str]) -> Vec<String> {
    let round = |amount: &&str| {
        let (mantissa, scale) = amount.parse::<Rate>().unwrap().parts();
        let decimals = i32::from(currency(code).decimals());
        let exact = Ratio::whole(mantissa).times_ten_to(decimals - i32::from(scale)).unwrap();
        policy.round(exact, currency(code)).unwrap().amount()
    };
    amounts.iter().map(round).collect()
}

/// `4000+900+200-100` and `["4000.00", "+200 charge"]` alike.
fn amounts(value: &Value) -> Vec<String> {
    let joined = match value {
        Value::String(sum) => sum.replace('+', " ").replace('-', " -"),
        list => texts(list).join(" "),
    };
    let parts = joined.split_whitespace().map(|part| part.trim_start_matches('+').to_owned());
    parts
        .filter(|part| part.trim_start_matches('-').starts_with(|c: char| c.is_ascii_digit()))
        .collect()
}

fn same_amount(found: Money, expected: &Value) {
    let expected = money(text(expected), found.currency().code());
    assert_eq!(found, expected);
}

fn buckets(example: &Example) {
    let rows: Vec<Vec<&str>> =
        example.input["buckets"].as_array().unwrap().iter().map(texts).collect();
    let rates: Vec<[&str; 1]> = rows.iter().map(|row| [row[1].trim_end_matches("(E)")]).collect();
    let lines: Vec<_> = rows.iter().zip(&rates).map(|(row, rate)| net(row[0], rate)).collect();
    let code = text(&example.input["currency"]);
    let found = assess(per_rate(code), code, &lines);
    assert_eq!(taxes(&found), texts(&example.expected["tax"]));
    same_amount(total(&found), &example.expected["total_tax"]);
    same_amount(sum(&found), &example.expected["gross"]);
}

fn allowance(example: &Example) {
    let standard = amounts(&example.input["S25"]);
    let exempt = text(&example.input["E0"]);
    let mut lines: Vec<_> = standard.iter().map(|amount| net(amount, &["25"])).collect();
    lines.push(net(exempt, &["0"]));
    let found = assess(per_rate("EUR"), "EUR", &lines);
    same_amount(found.taxes[0].base, &example.expected["taxable_S"]);
    same_amount(found.taxes[0].tax, &example.expected["tax"]);
    same_amount(sum(&found), &example.expected["gross"]);
    let prepaid = money(text(&example.input["prepaid"]), "EUR");
    same_amount(sum(&found).minus(prepaid).unwrap(), &example.expected["due"]);
}

fn two_rates(example: &Example) {
    let standard = amounts(&example.input["S25"]);
    let reduced = amounts(&example.input["S15"]);
    let mut lines: Vec<_> = standard.iter().map(|amount| net(amount, &["25"])).collect();
    lines.extend(reduced.iter().map(|amount| net(amount, &["15"])));
    let found = assess(per_rate("EUR"), "EUR", &lines);
    for (assessed, expected) in found.taxes.iter().zip(texts(&example.expected["tax"])) {
        assert_eq!(assessed.tax, money(expected, "EUR"));
    }
    same_amount(total(&found), &example.expected["total"]);
    same_amount(sum(&found), &example.expected["gross"]);
}

fn discount_price(example: &Example) {
    let (mantissa, scale) = text(&example.input["price"]).parse::<Rate>().unwrap().parts();
    let quantity: i128 = text(&example.input["qty"]).parse().unwrap();
    let exact = Ratio::whole(mantissa).times(quantity, 1).unwrap();
    let exact = exact.times_ten_to(2 - i32::from(scale)).unwrap();
    let policy = per_rate("EUR");
    let line = policy.round(exact, currency("EUR")).unwrap();
    same_amount(line, &example.expected["net"]);
    let found = assess(policy, "EUR", &[net(&line.amount(), &[text(&example.input["rate"])])]);
    same_amount(total(&found), &example.expected["tax"]);
    same_amount(sum(&found), &example.expected["gross"]);
}

fn vat_fraction(example: &Example) {
    for (row, expected) in example.input.as_array().unwrap().iter().zip(texts(&example.expected)) {
        let row = texts(row);
        let rate = [row[1].trim_end_matches('%')];
        let found = assess(per_rate("GBP"), "GBP", &[gross(row[0], &rate)]);
        assert_eq!(taxes(&found), [expected]);
        assert_eq!(sum(&found), money(row[0], "GBP"));
    }
}

fn combined_or_split(example: &Example) {
    let price = text(&example.input["price"]);
    let policy = Policy::canada(currency("CAD"));
    let percent = |value: &Value| text(value).trim_end_matches('%').to_owned();
    let combined = percent(&example.input["combined"]);
    let found = assess(policy, "CAD", &[net(price, &[&combined])]);
    assert_eq!(taxes(&found), [text(&example.expected["combined"])]);
    let split: Vec<String> =
        example.input["split"].as_array().unwrap().iter().map(percent).collect();
    let split: Vec<&str> = split.iter().map(String::as_str).collect();
    let found = assess(policy, "CAD", &[net(price, &split)]);
    let mut expected = texts(&example.expected["split"]);
    assert_eq!(format!("sum {}", total(&found).amount()), expected.pop().unwrap());
    assert_eq!(taxes(&found), expected);
}

fn quebec(example: &Example) {
    let percent = |name: &str| text(&example.input[name]).trim_end_matches('%').to_owned();
    let (gst, qst) = (percent("gst"), percent("qst"));
    let price = text(&example.input["gross"]);
    let found = assess(Policy::quebec(currency("CAD")), "CAD", &[gross(price, &[&gst, &qst])]);
    assert_eq!(taxes(&found), [text(&example.expected["gst"]), text(&example.expected["qst"])]);
    for assessed in &found.taxes {
        same_amount(assessed.base, &example.expected["adjusted_net"]);
    }
    let first = money(text(&example.expected["net_first"]), "CAD");
    same_amount(first.plus(total(&found)).unwrap(), &example.expected["sum"]);
    assert_eq!(found.taxes[0].base.plus(total(&found)).unwrap(), money(price, "CAD"));
}

#[test]
fn every_law_rounds_as_its_examples_say() {
    for example in area("tax") {
        let (input, expected) = (&example.input, &example.expected);
        match example.id.as_str() {
            "en16931-ex1" | "en16931-ex2" => buckets(&example),
            "en16931-bis3" => {
                let (code, rate) = (text(&input["currency"]), [text(&input["rate"])]);
                let found = assess(per_rate(code), code, &[net(text(&input["net"]), &rate)]);
                same_amount(total(&found), &expected["tax"]);
                same_amount(sum(&found), &expected["gross"]);
            }
            "peppol-allowance" => allowance(&example),
            "peppol-two-rates" => two_rates(&example),
            "en16931-discount-price" => discount_price(&example),
            "uk-half-up" => {
                for (pence, expected) in texts(input).iter().zip(texts(expected)) {
                    let pounds = format!("0.00{}", pence.trim_end_matches('p').replace("0.", ""));
                    let found = rounded(per_rate("GBP"), "GBP", &[&pounds]);
                    assert_eq!(found, [format!("0.0{}", expected.trim_end_matches('p'))]);
                }
            }
            "uk-fraction" => vat_fraction(&example),
            "ca-hst-31.95" => combined_or_split(&example),
            "qc-inclusive-10" => quebec(&example),
            "nz-19O" => {
                let policy = Policy::new_zealand(currency("NZD"));
                assert_eq!(rounded(policy, "NZD", &texts(input)), texts(expected));
            }
            "in-170" => {
                let found = rounded(Policy::india(currency("INR")), "INR", &texts(input));
                let rupees: Vec<_> = found.iter().map(|it| it.trim_end_matches(".00")).collect();
                assert_eq!(rupees, texts(expected));
            }
            "jp-pint" => {
                let policy = Policy::japan(currency("JPY"), Rounding::Down);
                let rate = [text(&input["rate"])];
                let found = assess(policy, "JPY", &[net(text(&input["base"]), &rate)]);
                same_amount(total(&found), &expected["tax"]);
                assert_eq!(found.rounding.decimals, 0);
            }
            other => panic!("{other} has no test"),
        }
    }
}

#[test]
fn cash_is_rounded_to_the_smallest_coin_once_for_the_total() {
    let policy = Policy::canada(currency("CAD"));
    for example in area("cash-rounding") {
        match example.id.as_str() {
            "ca-cash" => {
                let rate = [text(&example.input["gst"]).trim_end_matches('%')];
                let items = texts(&example.input["items"]);
                let lines: Vec<_> = items.iter().map(|item| net(item, &rate)).collect();
                let due = sum(&assess(policy, "CAD", &lines));
                same_amount(due, &example.expected["card"]);
                same_amount(policy.cash(due).unwrap(), &example.expected["cash"]);
            }
            "ca-cash-table" => {
                for (due, paid) in texts(&example.input).iter().zip(texts(&example.expected)) {
                    let cents = |amount: &str| money(&format!("0{amount}"), "CAD");
                    assert_eq!(policy.cash(cents(due)).unwrap(), cents(paid));
                }
            }
            other => panic!("{other} has no test"),
        }
    }
}

/// CLDR's coins of each currency; the halves are those of Norges Bank (50 øre up), of Danish tills (25 øre up) and of the
/// retailers of New Zealand (five cents down). What is no currency of such coins stays as it is.
#[test]
fn cash_is_paid_in_the_coins_that_there_are() {
    let table = [
        ("CHF", "19.97 19.95, 19.98 20.00"),
        ("AUD", "20.42 20.40, 20.43 20.45"),
        ("DKK", "12.24 12.00, 12.25 12.50, 12.74 12.50, 12.75 13.00"),
        ("NOK", "12.49 12.00, 12.50 13.00"),
        ("SEK", "12.49 12.00, 12.50 13.00"),
        ("CZK", "99.49 99.00, 99.50 100.00"),
        ("HUF", "997.00 995.00, 998.00 1000.00"),
        ("EUR", "0.01 0.01"),
        ("JPY", "1 1"),
    ];
    let check = |policy: Policy, code: &str, pairs: &str| {
        for (due, paid) in pairs.split(", ").map(|pair| pair.split_once(' ').unwrap()) {
            assert_eq!(policy.cash(money(due, code)).unwrap(), money(paid, code), "{code} {due}");
        }
    };
    for (code, pairs) in table {
        check(per_rate(code).in_coins_of(currency(code)), code, pairs);
    }
    let dollars = currency("NZD");
    let policy = Policy::new_zealand(dollars).in_coins_of(dollars);
    check(policy, "NZD", "1.04 1.00, 1.05 1.00, 1.06 1.10");
}

#[test]
fn each_level_rounds_where_it_says() {
    // Three lines of 0.05 at 10 %: half a cent each.
    let check = |level, expected: &[&str]| {
        let policy = Policy { level, ..per_rate("EUR") };
        let lines = [net("0.05", &["10"]), net("0.05", &["10"]), net("0.05", &["10"])];
        assert_eq!(taxes(&assess(policy, "EUR", &lines)), expected);
    };
    check(Level::Unit, &["0.03"]);
    check(Level::Line, &["0.03"]);
    check(Level::Rate, &["0.02"]);
    check(Level::Invoice, &["0.02"]);
    // Half a cent at each of two rates is one cent of the invoice.
    let lines = [net("0.05", &["10"]), net("0.10", &["5"])];
    let invoice = Policy { level: Level::Invoice, ..per_rate("EUR") };
    assert_eq!(taxes(&assess(invoice, "EUR", &lines)), ["0.01", "0.00"]);
    assert_eq!(taxes(&assess(per_rate("EUR"), "EUR", &lines)), ["0.01", "0.01"]);
}

#[test]
fn a_unit_is_rounded_before_it_is_multiplied() {
    let policy = Policy { level: Level::Unit, ..per_rate("EUR") };
    let mut document = Document::new(policy, currency("EUR"));
    let line = Line {
        id: 1,
        category: Category::Book,
        quantity: 3,
        amount: money("0.15", "EUR"),
        tax_inclusive: false,
        attributes: vec![],
    };
    let levy = Levy {
        name: "VAT",
        jurisdiction: "DE",
        authority: "DE",
        reason: Reason::Reduced,
        rate: Percent::parse("7").unwrap(),
    };
    document.add(&line, &[levy]).unwrap();
    // 0.05 at 7 % is 0.0035, which is nothing, three times; the line's 0.0105 would be a cent.
    assert_eq!(taxes(&document.assess(String::new()).unwrap()), ["0.00"]);
}

#[test]
fn prices_with_and_without_tax_share_one_rounding() {
    // 10.00 x 19 % = 1.90 and 9.99 / 1.19 x 0.19 = 1.59504...: together 3.495, and 6.40 + 1.60 for the gross.
    let found = assess(per_rate("EUR"), "EUR", &[net("10.00", &["19"]), gross("9.99", &["19"])]);
    assert_eq!(taxes(&found), ["3.50"]);
    assert_eq!(found.taxes[0].base, money("18.39", "EUR"));
    assert_eq!(found.taxes[0].lines, [1, 2]);
}

/// EN 16931 sums a rate over the whole document (BR-S-08), and Japan rounds once for each rate on it, whatever is sold.
#[test]
fn categories_at_one_rate_are_rounded_together() {
    let find = |policy, lines: &[(Category, &str)]| {
        let mut document = Document::new(policy, currency("EUR"));
        for (id, (category, amount)) in (1..).zip(lines) {
            let line = Line {
                id,
                category: *category,
                quantity: 1,
                amount: money(amount, "EUR"),
                tax_inclusive: false,
                attributes: vec![],
            };
            let levy = Levy {
                name: "VAT",
                jurisdiction: "DE",
                authority: "DE",
                reason: Reason::Reduced,
                rate: Percent::parse("7").unwrap(),
            };
            document.add(&line, &[levy]).unwrap();
        }
        taxes(&document.assess(String::new()).unwrap())
    };
    let half_cents = [(Category::Book, "0.50"), (Category::Food, "0.50")];
    assert_eq!(find(per_rate("EUR"), &half_cents), ["0.04", "0.03"]);
    assert_eq!(
        find(Policy { mode: Rounding::Down, ..per_rate("EUR") }, &half_cents),
        ["0.04", "0.03"]
    );
    let allowance = [(Category::Book, "0.50"), (Category::Food, "-0.50")];
    assert_eq!(find(per_rate("EUR"), &allowance), ["0.04", "-0.04"]);
    // Where only whole units are payable, each part is one.
    let whole = Policy { decimals: 0, ..per_rate("EUR") };
    let parts = [(Category::Book, "10.00"), (Category::Food, "10.00")];
    assert_eq!(find(whole, &parts), ["1.00", "0.00"]);
}

#[test]
fn an_allowance_on_a_price_that_includes_tax_lessens_the_tax() {
    let lines = [gross("24.00", &["20"]), gross("-6.00", &["20"])];
    let found = assess(per_rate("GBP"), "GBP", &lines);
    assert_eq!(taxes(&found), ["3.00"]);
    assert_eq!(found.taxes[0].base, money("15.00", "GBP"));
    // Nothing is left, and nothing is owed.
    let found = assess(per_rate("GBP"), "GBP", &[gross("0.05", &["20"]), gross("-0.05", &["20"])]);
    assert_eq!(
        (taxes(&found), found.taxes[0].base),
        (vec!["0.00".to_owned()], money("0.00", "GBP"))
    );
}

#[test]
fn taxes_of_a_line_may_be_rounded_together() {
    // 0.10 at 6 % and at 1.5 %: 0.006 and 0.0015 are a cent and nothing, each; 0.0075 are a cent.
    let policy = Policy { level: Level::Line, ..per_rate("USD") };
    let lines = [net("0.10", &["6", "1.5"]), net("0.50", &["6", "1.5"])];
    assert_eq!(taxes(&assess(policy, "USD", &lines)), ["0.04", "0.01"]);
    let policy = Policy { together: Together::All, ..policy };
    // 0.50 at 7.5 % are 0.0375, four cents; with the other line's one, five in all.
    let found = assess(policy, "USD", &lines);
    assert_eq!(total(&found), money("0.05", "USD"));
    assert_eq!(taxes(&found), ["0.04", "0.01"]);
}

#[test]
fn an_allowance_may_include_tax() {
    let found = assess(per_rate("EUR"), "EUR", &[gross("11.90", &["19"]), gross("-1.19", &["19"])]);
    assert_eq!((taxes(&found), sum(&found)), (vec!["1.71".to_owned()], money("10.71", "EUR")));
    let found = assess(per_rate("EUR"), "EUR", &[gross("-11.90", &["19"])]);
    assert_eq!((taxes(&found), sum(&found)), (vec!["-1.90".to_owned()], money("-11.90", "EUR")));
    let quebec = Policy::quebec(currency("CAD"));
    let rates = ["5", "9.975"];
    let found = assess(quebec, "CAD", &[gross("20.00", &rates), gross("-10.00", &rates)]);
    assert_eq!(taxes(&found), ["0.44", "0.87"]);
    assert_eq!(found.taxes[0].base, money("8.69", "CAD"));
}

#[test]
fn many_inclusive_prices_of_quebec_are_off_by_cents_and_not_by_each_line() {
    let rates = ["5", "9.975"];
    let lines: Vec<_> = (0..1000).map(|_| gross("0.10", &rates)).collect();
    let found = assess(Policy::quebec(currency("CAD")), "CAD", &lines);
    // 100.00 / 1.14975 = 86.98; 4.35 and 8.68 on it leave 86.97.
    assert_eq!(taxes(&found), ["4.35", "8.68"]);
    assert_eq!(found.taxes[0].base, money("86.97", "CAD"));
    assert_eq!(found.taxes[1].base, money("86.97", "CAD"));
}
