//! What an offer may say, and every way to forge one.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails loudly"
)]

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

fn content(claims: &Value) -> (&'static str, ContentFault) {
    match open_claims(claims) {
        Err(OfferError::Content { field, fault }) => (field, fault),
        other => panic!("{claims}: {other:?}"),
    }
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
fn a_changed_offer_is_tampered() {
    let token = maced(HS256, &claims().to_string());
    let [header, payload, mac] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
    let cheaper = with("/price/amount", json!("1.00")).to_string();
    let cheaper = BASE64URL_NOPAD.encode(cheaper.as_bytes());
    for forged in [
        String::new(),
        "..".into(),
        format!("{header}.{payload}"),
        format!("{header}.{payload}."),
        format!("{header}.{cheaper}.{mac}"),
        format!("{header}.{payload}.{mac}.{mac}"),
        format!("{header}.{payload}.{mac}="),
        format!("{header}.{payload}.{mac}\n"),
        format!(" {token}"),
        format!("{header}=.{payload}.{mac}"),
        format!("{header}.{payload}.{}", &mac[..mac.len() - 2]),
        format!("{header}.{payload}.{}", mac.replace(|_| true, "A")),
        format!("{header}.{payload}.é"),
    ] {
        assert_eq!(open(&forged).unwrap_err(), OfferError::Tampered, "{forged}");
    }
}

#[test]
fn stray_bits_in_base64_are_tampering() {
    let token = maced(HS256, &claims().to_string());
    // 32 bytes leave two bits of the last symbol unused; another reader may not mind them.
    let last = token.chars().next_back().unwrap();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let value = alphabet.find(last).unwrap();
    let stray = &alphabet[value + 1..value + 2];
    assert_eq!(open(&format!("{}{stray}", &token[..token.len() - 1])), Err(OfferError::Tampered));
}

#[test]
fn the_key_says_which_algorithm_not_the_offer() {
    let payload = claims().to_string();
    for header in [
        r#"{"alg":"none","typ":"offer+jwt","kid":"key_1"}"#,
        r#"{"alg":"None","typ":"offer+jwt","kid":"key_1"}"#,
        r#"{"alg":"hs256","typ":"offer+jwt","kid":"key_1"}"#,
        r#"{"alg":"HS512","typ":"offer+jwt","kid":"key_1"}"#,
        r#"{"alg":"EdDSA","typ":"offer+jwt","kid":"key_1"}"#,
        r#"{"alg":"RS256","typ":"offer+jwt","kid":"key_1"}"#,
        r#"{"alg":"HS256","typ":"JWT","kid":"key_1"}"#,
        r#"{"alg":"HS256","typ":"receipt+jwt","kid":"key_1"}"#,
        r#"{"alg":"HS256","kid":"key_1"}"#,
        r#"{"alg":"HS256","typ":"offer+jwt"}"#,
        r#"{"alg":"HS256","typ":"offer+jwt","kid":""}"#,
        r#"{"alg":"HS256","typ":"offer+jwt","kid":"a b"}"#,
        r#"{"alg":"HS256","typ":"offer+jwt","kid":7}"#,
        r#"{"alg":"HS256","typ":"offer+jwt","kid":"key_1","crit":["exp"]}"#,
        r#"{"alg":"HS256","typ":"offer+jwt","kid":"key_2","kid":"key_1"}"#,
        r#"{"alg":"HS256","typ":"offer+jwt","kid":"key_1","x":1,"x":2}"#,
        r#"{"alg":"HS256","typ":"offer+jwt","kid":"key_1"} {}"#,
        "[]",
        "",
    ] {
        assert_eq!(open(&maced(header, &payload)), Err(OfferError::Tampered), "{header}");
    }
    let long = format!(r#"{{"alg":"HS256","typ":"offer+jwt","kid":"{}"}}"#, "k".repeat(129));
    assert_eq!(open(&maced(&long, &payload)), Err(OfferError::Tampered));
}

#[test]
fn keys_that_an_offer_brings_along_are_ignored() {
    let header = json!({
        "alg": "HS256", "typ": "offer+jwt", "kid": "key_1",
        "jku": "http://evil.example", "jwk": {"kty": "oct", "k": "AA"}, "x5u": "x",
    });
    assert!(open(&maced(&header.to_string(), &claims().to_string())).is_ok());
}

#[test]
fn a_public_key_is_no_hmac_secret() {
    // The classic confusion: the registered public key, which anybody may know, used as an HMAC
    // secret.
    let public = SigningKey::from_seed(&Secret::new([9; 32])).unwrap().public();
    let signed = format!(
        "{}.{}",
        BASE64URL_NOPAD.encode(HS256.as_bytes()),
        BASE64URL_NOPAD.encode(claims().to_string().as_bytes())
    );
    let key = EncodingKey::from_secret(public.as_bytes());
    let mac = jsonwebtoken::crypto::sign(signed.as_bytes(), &key, Algorithm::HS256).unwrap();
    let token = format!("{signed}.{mac}");
    let sealed = Sealed::parse(&token).unwrap();
    assert_eq!(
        sealed.open(&OfferKey::EdDsa(public), merchant(), AUDIENCE, NOW_S),
        Err(OfferError::Tampered)
    );
    // And the other way round: an EdDSA token against a secret.
    let token =
        SigningKey::from_seed(&Secret::new([9; 32])).unwrap().sign("offer+jwt", &claims()).unwrap();
    assert_eq!(open(&token), Err(OfferError::Tampered));
}

#[test]
fn a_name_that_occurs_twice_is_tampering_at_any_depth() {
    let payload = claims().to_string();
    for (once, twice) in [
        (r#""jti":"offer-1""#, r#""jti":"offer-1","jti":"offer-2""#),
        (r#""amount":"10.00""#, r#""amount":"1.00","amount":"10.00""#),
        (r#""amount":"10.00""#, r#""amount":"1.00","\u0061mount":"10.00""#),
        (r#""is":["ignored"]"#, r#""is":1,"is":2"#),
    ] {
        let payload = payload.replace(once, twice);
        assert_eq!(open(&maced(HS256, &payload)), Err(OfferError::Tampered), "{payload}");
    }
    for payload in
        ["[]", "null", "", "{}", r#"{"iss":"merch_x"}"#, &format!("{payload}x"), "\u{feff}{}"]
    {
        assert_eq!(open(&maced(HS256, payload)), Err(OfferError::Tampered), "{payload}");
    }
}

#[test]
fn an_offer_is_bounded() {
    let long = with("/unknown", json!("x".repeat(8192)));
    assert_eq!(open_claims(&long), Err(OfferError::Tampered));
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

    #[test]
    fn any_changed_character_is_noticed(
        at in any::<prop::sample::Index>(),
        by in "[A-Za-z0-9_.-]",
    ) {
        let token = maced(HS256, &claims().to_string());
        let at = at.index(token.len());
        prop_assume!(token[at..=at] != by);
        let changed = format!("{}{by}{}", &token[..at], &token[at + 1..]);
        prop_assert_eq!(open(&changed), Err(OfferError::Tampered));
    }
}
