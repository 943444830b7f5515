//! Tokens that somebody made, and tokens shown where they do not belong.

use data_encoding::BASE64URL_NOPAD;

use super::{
    shop::{not_authenticated, userinfo},
    *,
};

fn b64(value: &Value) -> String {
    BASE64URL_NOPAD.encode(value.to_string().as_bytes())
}

/// The token with another header, signed with HMAC under whatever the public knows.
fn forgeries(token: &str, jwks: &Value) -> Vec<String> {
    let parts: Vec<&str> = token.split('.').collect();
    let header = shop::header(&json!(token));
    let with = |alg: &str| {
        let mut header = header.clone();
        header["alg"] = alg.into();
        format!("{}.{}", b64(&header), parts[1])
    };
    let mut forged = vec![
        format!("{}.", with("none")),
        format!("{}.{}", with("none"), parts[2]),
        format!("{}.{}", with("RS256"), parts[2]),
        format!("{}.{}", with("HS256"), parts[2]),
        format!("{}.{}.{}", parts[0], parts[1], BASE64URL_NOPAD.encode(&[0; 64])),
    ];
    for key in jwks["keys"].as_array().unwrap() {
        for known in ["x", "n", "kid"] {
            let Some(text) = key[known].as_str() else { continue };
            let raw = BASE64URL_NOPAD.decode(text.as_bytes()).unwrap();
            for secret in [text.as_bytes().to_vec(), raw, key.to_string().into_bytes()] {
                let signed = with("HS256");
                let tag = hmac(&secret, signed.as_bytes());
                forged.push(format!("{signed}.{}", BASE64URL_NOPAD.encode(&tag)));
            }
        }
    }
    forged
}

/// HMAC-SHA-256 by RFC 2104, so that no library of ours is asked whether it would.
fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    use sha2::{Digest, Sha256};
    let key = if key.len() > 64 { Sha256::digest(key).to_vec() } else { key.to_vec() };
    let pad = |byte: u8| -> Vec<u8> {
        (0..64).map(|at| key.get(at).copied().unwrap_or(0) ^ byte).collect()
    };
    let inner = Sha256::digest([pad(0x36).as_slice(), message].concat());
    Sha256::digest([pad(0x5c).as_slice(), &inner].concat()).to_vec()
}

#[test]
fn the_hmac_of_these_tests_is_one() {
    let tag = hmac(b"Jefe", b"what do ya want for nothing?");
    let hex = data_encoding::HEXLOWER.encode(&tag);
    assert_eq!(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", "RFC 4231");
}

on_both_databases! {
    fn a_token_that_somebody_made_opens_nothing(world: &World) {
        let rs256 = json!({ "id_token_signed_response_alg": "RS256" });
        let (shop, rsa, buyer) = (Shop::new(world), Shop::with(world, &rs256), world.buyer());
        let person = Person::new(&world.base);
        let jwks = world.anyone().get("/.well-known/jwks.json").ok(200);
        assert_eq!(jwks["keys"].as_array().unwrap().len(), 2);
        let tokens = shop.tokens(&person, &buyer.login, &[]);
        for forged in forgeries(&text(&tokens, "/access_token"), &jwks) {
            userinfo(&world.base, &forged).refused(401, "invalid_token");
        }
        for tokens in [tokens, rsa.tokens(&person, &buyer.login, &[])] {
            let hint = text(&tokens, "/id_token");
            for forged in forgeries(&hint, &jwks) {
                let page = person.get(&format!("/oauth/end-session?id_token_hint={forged}"));
                assert_eq!(page.status, 400, "{forged}");
            }
            userinfo(&world.base, &hint).refused(401, "invalid_token");
        }
        let session = world.sign_in(&buyer.login).ok(200);
        let own = text(&session, "/access_token");
        userinfo(&world.base, &own).refused(401, "invalid_token");
        for forged in forgeries(&own, &jwks) {
            not_authenticated(&support::Client::new(&world.base, Some(&forged)).get("/v1/vault"));
        }
    }

    fn a_shops_tokens_open_no_call_of_the_api(world: &World) {
        let (shop, buyer) = (Shop::new(world), world.buyer());
        let tokens = shop.tokens(&Person::new(&world.base), &buyer.login, &[]);
        let document = world.anyone().get("/openapi.json").ok(200);
        let mut tried = 0;
        for part in ["/access_token", "/refresh_token", "/id_token"] {
            let client = support::Client::new(&world.base, Some(&text(&tokens, part)));
            for (route, item) in document["paths"].as_object().unwrap() {
                for (method, operation) in item.as_object().unwrap() {
                    let secured = operation["security"].as_array().is_some_and(|needs| !needs.is_empty());
                    if !route.starts_with("/v1/") || !secured {
                        continue;
                    }
                    let path = route.split('/').map(|step| if step.starts_with('{') { "x" } else { step });
                    let path = path.collect::<Vec<_>>().join("/");
                    let method = method.to_uppercase();
                    let answer = match method.as_str() {
                        "GET" => client.get(&path),
                        _ => client.send(&method, &path, Some(&new_key()), b"{}", "application/json"),
                    };
                    assert_eq!(answer.status, 401, "{method} {path}: {:#}", answer.body);
                    tried += 1;
                }
            }
        }
        assert!(tried > 150, "{tried}");
        shop.userinfo(&tokens).ok();
    }

    fn a_token_for_what_a_shop_sees_is_shown_in_one_way(world: &World) {
        let (shop, buyer) = (Shop::new(world), world.buyer());
        let tokens = shop.tokens(&Person::new(&world.base), &buyer.login, &[]);
        let token = text(&tokens, "/access_token");
        let seen = shop.userinfo(&tokens).ok();
        let post = |header: Option<&str>, fields: &[(&str, &str)]| {
            shop::post_as(&world.base, "/oauth/userinfo", header, fields)
        };
        assert_eq!(post(None, &[("access_token", &token)]).ok(), seen);
        assert_eq!(post(Some(&format!("Bearer {token}")), &[]).ok(), seen);
        let nothing = post(None, &[]);
        nothing.refused(401, "invalid_token");
        assert_eq!(nothing.challenge.as_deref(), Some("Bearer"), "RFC 6750, 3.1");
        let wrong = userinfo(&world.base, "nonsense");
        wrong.refused(401, "invalid_token");
        assert_eq!(wrong.challenge.as_deref(), Some("Bearer error=\"invalid_token\""));
        post(Some(&format!("Basic {token}")), &[]).refused(401, "invalid_token");
    }
}
