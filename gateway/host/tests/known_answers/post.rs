//! Item numbers and what posts print on their stamps, through `stamps-open`.

use data_encoding::{BASE64, HEXLOWER};
use serde_json::{Value, json};

use crate::example::{answer, bundled, examples, text};

pub(crate) const ANSWERED: &[&str] = &[
    "s10-EE876543216CA",
    "s10-QA473124829PS",
    "s10-AB123100000IE",
    "s10-AB123456789AB",
    "ibi-lite",
    "rm-stamp",
];

/// A stamp with an item number of this service, serial and country.
fn order(service: &str, serial: u32, country: &str) -> Value {
    let product = json!({
        "service": "regist", "title": "Registered letter", "price": { "minor": 620, "currency": "USD" }, "weight-step-g": 100,
        "valid-days": 365, "symbol": "full", "attributes": [["s10", service]],
    });
    let mailpiece = json!({
        "date": "2026-01-15", "origin": { "country": country }, "destination": { "country": country },
        "weight-g": 20, "attributes": [],
    });
    let order = json!({
        "issuer": "PUR", "key-id": 1, "vendor": 7, "product": product, "mailpiece": mailpiece,
        "expires-on": "2027-01-14", "item-serial": serial, "nonce": BASE64.encode(b"0123456789abcdef"), "attributes": [],
    });
    let registers = json!({ "piece-counter": 1, "ascending": 620_000, "descending": 0 });
    json!({ "order": order, "registers": registers, "replies": [] })
}

/// The check digit is the plugin's: a number with another one is not what it makes.
#[tokio::test]
async fn item_numbers_have_the_check_digits_of_their_examples() {
    let plugin = bundled("stamps-open").await;
    for example in &examples(&ANSWERED[..4]) {
        let number = text(&example["input"]);
        let (service, serial) = (&number[..2], number[2..10].parse().unwrap());
        let order = order(service, serial, &number[11..]);
        let made = answer(&plugin, "draft", &order).await;
        let made = text(&made["done"]["s10"]);
        let digit = example["expected"]["check_digit"].to_string();
        assert_eq!(made, format!("{}{digit}{}", &number[..10], &number[11..]));
        assert_eq!(made == number, example["expected"]["valid"].as_bool().unwrap());
    }
}

#[tokio::test]
async fn marks_of_other_posts_say_what_their_examples_say() {
    let plugin = bundled("stamps-open").await;
    let read = async |bytes: &[u8]| {
        answer(&plugin, "read", &json!({ "indicium": BASE64.encode(bytes) })).await
    };
    let [ibi, stamp] = <[Value; 2]>::try_from(examples(&ANSWERED[4..])).unwrap();
    let bytes = HEXLOWER.decode(text(&ibi["input"]).as_bytes()).unwrap();
    let (claims, expected) = (read(&bytes).await, &ibi["expected"]);
    assert_eq!(claims["piece-counter"], expected["piece_counter"]);
    assert_eq!(claims["vendor"], expected["vendor_model"]);
    assert_eq!(claims["key-id"], expected["psd_serial"]);
    // A mill is a tenth of a cent.
    let mills = expected["postage_mils"].as_i64().unwrap();
    assert_eq!(claims["value"].as_i64(), Some(mills * 100));
    assert_eq!(claims["service"], expected["mail_service"].to_string());
    assert_eq!(claims["attributes"], json!([["version", expected["version"].to_string()]]));
    let signature = HEXLOWER.decode(text(&expected["hmac"]).as_bytes()).unwrap();
    assert_eq!(claims["signature"], BASE64.encode(&signature));

    let claims = read(text(&stamp["input"]).as_bytes()).await;
    let described = text(&stamp["expected"]);
    assert!(
        described.starts_with("prefix JGB, product S199, source 4, ref 1017031, item 01107873")
    );
    assert!(described.contains("value 00020 (20p), date 080223"));
    assert_eq!((&claims["issuer"], &claims["service"]), (&json!("JGB"), &json!("S199")));
    assert_eq!((&claims["vendor"], &claims["piece-counter"]), (&json!(4), &json!(1_107_873)));
    assert_eq!((&claims["value"], &claims["currency"]), (&json!(20_000), &json!("GBP")));
    assert_eq!(claims["issued-on"], "2023-02-08");
    assert_eq!(claims["serial"], "4-1017031-01107873");
}
