//! Every way to forge an offer is found out.

use super::*;

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
        r#"{"alg":"HS256","typ":"offer+jwt","kid":"key_1","crit":null}"#,
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

proptest! {
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
