//! Authorization requests as shops send them, and ID tokens as they get them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails loudly")]

use aws_lc_rs::{
    encoding::AsDer,
    rsa::{KeyPair, KeySize},
};
use data_encoding::BASE64URL_NOPAD;
use proptest::prelude::*;
use purser_core::{
    Timestamp,
    ids::{LoginClientId, MerchantId},
    jws::{Keyring, RsaKey, SigningKey, self_test},
    login::{
        client::{IdTokenAlg, LoginClient, Pkce, Reach, RedirectUri},
        error::ErrorCode,
        id_token::{Hint, IdTokenClaims, Identity},
        params::Params,
        request::{Asker, AuthorizationRequest, Prompt, Told},
        scope::Scopes,
    },
    secret::Secret,
};
use serde_json::Value;

const CLIENT: &str = "client_00000000000000000000000007";

fn client(pkce: Pkce) -> LoginClient {
    let uri = |text: &str| RedirectUri::parse(text, Reach::Internet).unwrap();
    LoginClient {
        id: LoginClientId::from_random(7),
        merchant: MerchantId::from_random(1),
        name: None,
        redirect_uris: vec![uri("https://shop.example/cb"), uri("https://shop.example/cb?x=1")],
        post_logout_redirect_uris: vec![],
        pkce,
        id_token_alg: IdTokenAlg::EdDsa,
        created_at: Timestamp::UNIX_EPOCH,
    }
}

fn read(query: &str, pkce: Pkce) -> Result<AuthorizationRequest, Box<Told>> {
    let (params, client) = (Params::parse(query).unwrap(), client(pkce));
    let back = Asker::read(&params).unwrap().known_to(&client).unwrap();
    AuthorizationRequest::read(&params, &client, back)
}

const BASE: &str = "response_type=code&client_id=client_00000000000000000000000007&scope=openid\
    &redirect_uri=https%3A%2F%2Fshop.example%2Fcb";
const CHALLENGE: &str =
    "code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";

#[test]
fn a_request_is_read_and_written_in_one_form() {
    let query = format!(
        "{BASE}&{CHALLENGE}&state=a%26b&nonce=n&prompt=consent+login&max_age=60&id_token_hint=a.b.c&ui_locales=de"
    );
    let request = read(&query, Pkce::Required).unwrap();
    assert_eq!(request.client.to_string(), CLIENT);
    assert_eq!(request.state.as_deref(), Some("a&b"));
    assert_eq!(request.prompt, Prompt::Ask { login: true, consent: true });
    assert_eq!(request.max_age_s, Some(60));
    let again = request.query();
    assert_eq!(read(&again, Pkce::Required).unwrap(), request);
    assert_eq!(read(&again, Pkce::Required).unwrap().query(), again);
}

#[test]
fn a_challenge_is_needed_unless_the_client_knows_none() {
    let error = |query: &str, pkce| read(query, pkce).map_err(|told| told.error).err();
    assert_eq!(error(BASE, Pkce::Required), Some(ErrorCode::InvalidRequest));
    assert_eq!(error(BASE, Pkce::Optional), None);
    assert_eq!(error(&format!("{BASE}&{CHALLENGE}"), Pkce::Optional), None);
    let plain = format!("{BASE}&{}", CHALLENGE.replace("S256", "plain"));
    for pkce in [Pkce::Required, Pkce::Optional] {
        assert_eq!(error(&plain, pkce), Some(ErrorCode::InvalidRequest));
    }
}

#[test]
fn prompts_are_known_and_none_stands_alone() {
    let prompt = |text: &str| {
        let request = read(&format!("{BASE}&{CHALLENGE}&prompt={text}"), Pkce::Required);
        request.map(|request| request.prompt).ok()
    };
    assert_eq!(prompt(""), Some(Prompt::AsNeeded));
    assert_eq!(prompt("none"), Some(Prompt::Nothing));
    assert_eq!(prompt("select_account"), Some(Prompt::Ask { login: true, consent: false }));
    assert_eq!(prompt("consent"), Some(Prompt::Ask { login: false, consent: true }));
    for text in ["none+login", "login+none", "NONE", "signup"] {
        assert_eq!(prompt(text), None, "{text}");
    }
}

#[test]
fn answers_say_who_gives_them() {
    let request = read(&format!("{BASE}&{CHALLENGE}&state=s"), Pkce::Required).unwrap();
    let issuer = "https://pay.example";
    assert_eq!(
        request.with_code("c", issuer),
        "https://shop.example/cb?code=c&state=s&iss=https%3A%2F%2Fpay.example"
    );
    assert_eq!(
        request.refused(ErrorCode::AccessDenied, "no").location(issuer),
        "https://shop.example/cb?error=access_denied&error_description=no&state=s&iss=https%3A%2F%2Fpay.example"
    );
}

proptest! {
    #[test]
    fn no_query_panics(query in ".{0,400}") {
        if let Ok(params) = Params::parse(&format!("{BASE}&{query}")) {
            let client = client(Pkce::Optional);
            let back = Asker::read(&params).ok().and_then(|asker| asker.known_to(&client).ok());
            if let Some(back) = back {
                let read = AuthorizationRequest::read(&params, &client, back);
                let _ = read.map(|request| request.query()).map_err(|told| told.location("x"));
            }
        }
    }

    #[test]
    fn whoever_is_read_is_read_back(state in "[ -~]{1,40}", nonce in "[ -~]{1,40}") {
        let pairs = [("state", state.as_str()), ("nonce", nonce.as_str())];
        let more = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let request = read(&format!("{BASE}&{CHALLENGE}&{more}"), Pkce::Required).unwrap();
        prop_assert_eq!(request.state.as_deref(), Some(state.as_str()));
        prop_assert_eq!(read(&request.query(), Pkce::Required).unwrap(), request);
    }
}

fn all() -> Scopes {
    "openid profile email".parse().unwrap()
}

#[test]
fn what_a_shop_sees_is_made_of_its_own_name_of_the_buyer() {
    let of = |sub: &str, issuer: &str| Identity::new(sub.to_owned(), all(), issuer);
    let (one, other) = (of("one", "https://pay.example/x"), of("other", "https://pay.example/x"));
    let name = one.preferred_username.clone().unwrap();
    assert_eq!(name.len(), 30);
    assert!(
        name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    );
    assert_eq!(one.email, Some(format!("{name}@pay.example")));
    assert_ne!(one.preferred_username, other.preferred_username);
    for issuer in ["http://127.0.0.1:8080", "http://[::1]", "http://localhost:8080"] {
        assert_eq!(of("one", issuer).email, Some(format!("{name}@purser.invalid")));
    }
    let least = Identity::new("one".to_owned(), Scopes::default(), "https://pay.example");
    assert_eq!((least.preferred_username, least.email), (None, None));
}

fn rsa() -> RsaKey {
    let der = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let der: aws_lc_rs::encoding::Pkcs8V1Der<'_> = der.as_der().unwrap();
    RsaKey::from_pkcs8(der.as_ref()).unwrap()
}

#[test]
fn an_id_token_is_read_back_with_its_own_key_and_algorithm_only() {
    self_test().unwrap();
    let (ed, rsa, other) = (SigningKey::from_seed(&Secret::new([3; 32])).unwrap(), rsa(), rsa());
    let ring = Keyring::new([ed.public()]);
    let claims = IdTokenClaims {
        iss: "https://pay.example",
        aud: CLIENT.to_owned(),
        iat: 1,
        exp: 301,
        auth_time: None,
        nonce: Some("n"),
        who: Identity::new("one".to_owned(), all(), "https://pay.example"),
    };
    let (signed, signed_rsa) = (claims.sign(&ed).unwrap(), claims.sign_rs256(&rsa).unwrap());
    for token in [&signed, &signed_rsa] {
        let hint = Hint::read(token, &ring, Some(&rsa)).unwrap();
        assert_eq!((hint.sub.as_str(), hint.aud.as_str()), ("one", CLIENT));
    }
    assert!(Hint::read(&signed_rsa, &ring, None).is_err());
    assert!(Hint::read(&signed_rsa, &ring, Some(&other)).is_err());
    assert!(Hint::read(&signed, &Keyring::default(), Some(&rsa)).is_err());
    let jwk = serde_json::to_value(rsa.jwk()).unwrap();
    assert_eq!(
        (&jwk["kty"], &jwk["alg"], &jwk["kid"]),
        (&"RSA".into(), &"RS256".into(), &rsa.kid().into())
    );
    assert_eq!(jwk.get("d"), None);
    // The header of one over the signature of the other, and no signature at all.
    let part = |token: &str, at: usize| token.split('.').nth(at).unwrap().to_owned();
    for alg in ["none", "HS256", "EdDSA", "RS384"] {
        let header = BASE64URL_NOPAD.decode(part(&signed_rsa, 0).as_bytes()).unwrap();
        let mut header: Value = serde_json::from_slice(&header).unwrap();
        header["alg"] = alg.into();
        let header = BASE64URL_NOPAD.encode(header.to_string().as_bytes());
        for signature in [part(&signed_rsa, 2), String::new()] {
            let forged = format!("{header}.{}.{signature}", part(&signed_rsa, 1));
            assert!(Hint::read(&forged, &ring, Some(&rsa)).is_err(), "{alg}");
        }
    }
}

#[test]
fn what_is_no_rsa_key_is_refused() {
    self_test().unwrap();
    for der in [&b""[..], b"x", &[0x30; 100]] {
        assert!(RsaKey::from_pkcs8(der).is_err());
    }
}
