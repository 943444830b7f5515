//! What an offer may say, and every way to forge one.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails loudly"
)]

mod content;
mod forged;

use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::{Algorithm, EncodingKey};
use proptest::prelude::*;
use purser_core::{
    ids::MerchantId,
    jws::SigningKey,
    money::{Currency, Money, MoneyError},
    offer::{
        ContentFault, ItemClaims, Offer, OfferClaims, OfferError, OfferKey, OfferSecret, Sealed,
        TimeFault,
    },
    secret::{Secret, SecretText},
    tax::Category,
};
use serde_json::{Value, json};

const AUDIENCE: &str = "https://pay.example";
const NOW_S: i64 = 1_719_570_000;
const CLAIMS: [&str; 7] =
    ["/jti", "/exp", "/aud", "/item/title", "/item/url", "/price/amount", "/price/currency"];
const HS256: &str = r#"{"alg":"HS256","typ":"offer+jwt","kid":"key_1"}"#;

fn merchant() -> MerchantId {
    MerchantId::from_random(7)
}

fn secret() -> OfferSecret {
    OfferSecret::from_random(&Secret::new([7; 32]))
}

fn claims() -> Value {
    json!({
        "iss": merchant(), "aud": AUDIENCE, "jti": "offer-1", "iat": NOW_S, "exp": NOW_S + 600,
        "item": {
            "id": "sku-1", "title": "Grüße, 世界", "category": "book",
            "url": "https://shop.example/1",
        },
        "price": {"amount": "10.00", "currency": "EUR"},
        "unknown": {"is": ["ignored"]},
    })
}

/// The claims with one of them replaced, or removed where the value is null.
fn with(pointer: &str, value: Value) -> Value {
    let mut claims = claims();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let object = claims.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    match value {
        Value::Null => object.remove(name),
        value => object.insert(name.to_owned(), value),
    };
    claims
}

/// A token of exactly these texts, MACed with the offer secret.
fn maced(header: &str, payload: &str) -> String {
    let signed = format!(
        "{}.{}",
        BASE64URL_NOPAD.encode(header.as_bytes()),
        BASE64URL_NOPAD.encode(payload.as_bytes())
    );
    let key = EncodingKey::from_secret(secret().expose().as_bytes());
    let mac = jsonwebtoken::crypto::sign(signed.as_bytes(), &key, Algorithm::HS256).unwrap();
    format!("{signed}.{mac}")
}

fn open(token: &str) -> Result<Offer, OfferError> {
    Sealed::parse(token)?.open(&OfferKey::Hs256(secret()), merchant(), AUDIENCE, NOW_S)
}

fn open_claims(claims: &Value) -> Result<Offer, OfferError> {
    open(&maced(HS256, &claims.to_string()))
}

#[test]
fn an_offer_says_what_the_merchant_signed() {
    let offer = open_claims(&claims()).unwrap();
    assert_eq!(offer.id, "offer-1");
    assert_eq!((offer.issued_at_s, offer.expires_at_s), (NOW_S, NOW_S + 600));
    assert_eq!((offer.item.id.as_str(), offer.item.title.as_str()), ("sku-1", "Grüße, 世界"));
    assert_eq!(offer.item.category, Category::Book);
    assert_eq!(offer.item.url.unwrap().as_str(), "https://shop.example/1");
    assert_eq!(offer.price.to_string(), "10.00 EUR");
    assert_eq!((offer.tax_inclusive, offer.single_use), (false, false));
    assert_eq!((offer.refund_window_days, offer.return_url), (None, None));
}

#[test]
fn all_that_may_be_said_is_read() {
    let mut claims = claims();
    claims["tax_inclusive"] = true.into();
    claims["single_use"] = true.into();
    claims["refund_window_days"] = 0.into();
    claims["return_url"] = "http://127.0.0.1:8000/done?x=1".into();
    claims["nbf"] = NOW_S.into();
    claims["aud"] = json!(["https://other.example", AUDIENCE]);
    claims["price"] = json!({"amount": "500", "currency": "JPY"});
    claims["item"] = json!({"id": "x", "title": "y", "category": null, "url": null});
    let offer = open_claims(&claims).unwrap();
    assert_eq!((offer.tax_inclusive, offer.single_use), (true, true));
    assert_eq!(offer.refund_window_days, Some(0));
    assert_eq!(offer.return_url.unwrap().as_str(), "http://127.0.0.1:8000/done?x=1");
    assert_eq!(offer.price.to_string(), "500 JPY");
    assert_eq!((offer.item.category, offer.item.url), (Category::General, None));
}

#[test]
fn what_the_gateway_signs_for_a_merchant_opens() {
    let price = Money::new(1250, Currency::parse("KWD").unwrap());
    let mut claims = OfferClaims {
        iss: merchant(),
        aud: AUDIENCE.into(),
        jti: "offer-2".into(),
        iat: NOW_S,
        exp: NOW_S + 1,
        item: ItemClaims {
            id: "sku".into(),
            title: "A title".into(),
            category: Category::Ebook,
            url: Some("https://shop.example/1".into()),
        },
        price,
        tax_inclusive: true,
        single_use: true,
        refund_window_days: Some(3650),
        return_url: Some("https://shop.example/done".into()),
    };
    let offer = open(&claims.sign_hs256("key_1", &secret()).unwrap()).unwrap();
    assert_eq!(
        (offer.price, offer.item.category, offer.single_use),
        (price, Category::Ebook, true)
    );
    assert_eq!(offer.refund_window_days, Some(3650));

    claims.return_url = Some("javascript:alert(1)".into());
    let refused = open(&claims.sign_hs256("key_1", &secret()).unwrap());
    assert!(matches!(refused, Err(OfferError::Content { field: "return_url", .. })));
}

#[test]
fn a_registered_ed25519_key_opens_offers() {
    let key = SigningKey::from_seed(&Secret::new([9; 32])).unwrap();
    let token = key.sign("offer+jwt", &claims()).unwrap();
    let sealed = Sealed::parse(&token).unwrap();
    assert_eq!((sealed.kid(), sealed.issuer()), (key.kid(), merchant()));
    let open = |key| sealed.open(&key, merchant(), AUDIENCE, NOW_S);
    assert!(open(OfferKey::EdDsa(key.public())).is_ok());
    let stranger = SigningKey::from_seed(&Secret::new([8; 32])).unwrap();
    assert_eq!(open(OfferKey::EdDsa(stranger.public())), Err(OfferError::Tampered));
}

#[test]
fn the_checks_come_in_their_order() {
    let wrong_everything = |iss: MerchantId, aud: &str, exp: i64| {
        let mut claims = with("/price/amount", json!("0"));
        claims["iss"] = json!(iss);
        claims["aud"] = aud.into();
        claims["exp"] = exp.into();
        claims
    };
    let stranger = MerchantId::from_random(8);
    let check =
        |claims: Value, expected| assert_eq!(open_claims(&claims), Err(expected), "{claims}");
    check(wrong_everything(stranger, "x", 0), OfferError::Tampered);
    check(wrong_everything(merchant(), "x", 0), OfferError::NotForThisGateway);
    check(wrong_everything(merchant(), AUDIENCE, 0), OfferError::Expired(TimeFault::Past));
    let fault = ContentFault::NotPositive;
    check(
        wrong_everything(merchant(), AUDIENCE, NOW_S + 1),
        OfferError::Content { field: "price.amount", fault },
    );
    let forged = maced(HS256, &wrong_everything(merchant(), "x", 0).to_string());
    let other = OfferKey::Hs256(OfferSecret::from_random(&Secret::new([8; 32])));
    assert_eq!(
        Sealed::parse(&forged).unwrap().open(&other, merchant(), AUDIENCE, NOW_S),
        Err(OfferError::Tampered)
    );
}

#[test]
fn an_offer_is_for_this_gateway_only() {
    for aud in [
        Value::Null,
        json!("https://pay.example/"),
        json!(["x"]),
        json!([]),
        json!(7),
        json!([AUDIENCE, 7]),
        json!(vec![AUDIENCE; 9]),
    ] {
        assert_eq!(
            open_claims(&with("/aud", aud.clone())),
            Err(OfferError::NotForThisGateway),
            "{aud}"
        );
    }
}

#[test]
fn an_offer_is_valid_in_its_time_only() {
    let check = |claim: &str, value: Value, expected: Option<TimeFault>| {
        let opened = open_claims(&with(&format!("/{claim}"), value.clone()));
        assert_eq!(opened.err(), expected.map(OfferError::Expired), "{claim} {value}");
    };
    check("exp", json!(NOW_S + 1), None);
    check("exp", json!(NOW_S), Some(TimeFault::Past));
    check("exp", json!(NOW_S - 1), Some(TimeFault::Past));
    check("iat", json!(NOW_S + 60), None);
    check("iat", json!(NOW_S + 61), Some(TimeFault::IssuedAhead));
    check("iat", json!(0), None);
    check("nbf", json!(NOW_S), None);
    check("nbf", json!(NOW_S + 1), Some(TimeFault::NotYet));
    for value in [Value::Null, json!("1"), json!(1.5), json!(-1), json!(true), json!(u64::MAX)] {
        check("exp", value.clone(), Some(TimeFault::Malformed("exp")));
        check("iat", value, Some(TimeFault::Malformed("iat")));
    }
    check("nbf", json!("1"), Some(TimeFault::Malformed("nbf")));
}

#[test]
fn secrets_have_the_size_of_the_hash() {
    let of_length = |length: usize| OfferSecret::new(SecretText::new("s".repeat(length))).is_ok();
    assert!(
        !of_length(0) && !of_length(31) && of_length(32) && of_length(1024) && !of_length(1025)
    );
    assert_eq!(secret().expose().len(), 43);
}

proptest! {
    #[test]
    fn no_text_panics(text in ".*", header in ".*", payload in ".*") {
        let _ = open(&text);
        let _ = open(&maced(&header, &payload));
        let _ = open(&maced(HS256, &payload));
    }

    #[test]
    fn no_claim_panics(
        pointer in prop::sample::select(CLAIMS.as_slice()),
        text in ".*",
        number in any::<f64>(),
    ) {
        let _ = open_claims(&with(pointer, json!(text)));
        let _ = open_claims(&with(pointer, json!(number)));
    }
}
