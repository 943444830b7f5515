//! What a merchant signed and cannot sell is named.

use super::*;

fn content(claims: &Value) -> (&'static str, ContentFault) {
    match open_claims(claims) {
        Err(OfferError::Content { field, fault }) => (field, fault),
        other => panic!("{claims}: {other:?}"),
    }
}

#[test]
fn what_cannot_be_sold_is_named() {
    let check = |pointer: &str, values: &[Value], field: &str| {
        for value in values {
            assert_eq!(content(&with(pointer, value.clone())).0, field, "{pointer} {value}");
        }
    };
    let long_title = json!("t".repeat(201));
    check(
        "/jti",
        &[json!(""), json!(7), json!("x".repeat(129)), json!("a\tb"), Value::Null],
        "jti",
    );
    check("/item", &[json!("x"), json!([]), Value::Null], "item");
    check("/item/id", &[json!(""), json!(1), json!("x".repeat(129)), Value::Null], "item.id");
    check(
        "/item/title",
        &[json!(""), json!("  "), long_title, json!("a\nb"), json!("a\u{202e}b"), Value::Null],
        "item.title",
    );
    check("/item/category", &[json!("toys"), json!("Book"), json!(1)], "item.category");
    let bad_urls = [
        "",
        "x",
        "/x",
        "ftp://x",
        "javascript:alert(1)",
        "https://shop.example@evil.example/",
        "http://",
        "https://x/\u{7}",
    ];
    check("/item/url", &bad_urls.map(|url| json!(url)), "item.url");
    check("/return_url", &bad_urls.map(|url| json!(url)), "return_url");
    check(
        "/return_url",
        &[json!(format!("https://x/{}", "y".repeat(2048))), json!({})],
        "return_url",
    );
    check("/price", &[json!("10.00 EUR"), json!(10), Value::Null], "price");
    check(
        "/price/currency",
        &[json!("eur"), json!("XXX"), json!(""), json!(978), Value::Null],
        "price.currency",
    );
    let amounts = [
        "",
        "0",
        "0.00",
        "-1",
        "1.001",
        "1e3",
        "NaN",
        " 1",
        "1,00",
        "9999999999999999",
        "1.0000000000000000000000000000000000",
    ];
    check("/price/amount", &amounts.map(|amount| json!(amount)), "price.amount");
    check("/price/amount", &[json!(10), json!(10.5), Value::Null], "price.amount");
    check("/tax_inclusive", &[json!(1), json!("true")], "tax_inclusive");
    check("/single_use", &[json!(0), json!([])], "single_use");
    check(
        "/refund_window_days",
        &[json!(-1), json!(3651), json!(1.5), json!("14")],
        "refund_window_days",
    );
}

#[test]
fn a_wrong_amount_and_an_unknown_currency_are_told_apart() {
    let check = |pointer, value: &str, expected: MoneyError| {
        assert_eq!(content(&with(pointer, json!(value))).1, ContentFault::Amount(expected));
    };
    let currency = Currency::parse("EUR").unwrap();
    check("/price/currency", "XAU", MoneyError::UnknownCurrency);
    check("/price/amount", "1.001", MoneyError::TooManyDecimals { currency, allowed: 2 });
    check("/price/amount", "01", MoneyError::MalformedAmount);
    assert_eq!(content(&with("/price/amount", json!("0.00"))).1, ContentFault::NotPositive);
}
