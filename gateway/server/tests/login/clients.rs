//! Merchants' calls about their shops, and how shops show who they are.

use data_encoding::BASE64;

use super::{shop::post_as, *};

on_both_databases! {
    fn a_shop_is_registered_listed_and_withdrawn(world: &World) {
        let merchant = world.merchant("DE");
        let wish = json!({
            "redirect_uris": ["https://shop.example/callback", REDIRECT],
            "post_logout_redirect_uris": ["https://shop.example/"],
            "require_pkce": false, "id_token_signed_response_alg": "RS256", "name": "The live one",
        });
        let made = merchant.client.post("/v1/login-clients", None, &wish).ok(201);
        assert!(text(&made, "/client_id").starts_with("client_"));
        assert!(text(&made, "/client_secret").starts_with("cs_test_"));
        let listed = merchant.client.get("/v1/login-clients").ok(200);
        let mut shown = made.clone();
        shown.as_object_mut().unwrap().remove("client_secret");
        assert_eq!(listed["data"], json!([shown]), "all but the secret");
        for (name, value) in wish.as_object().unwrap() {
            assert_eq!(&shown[name], value, "{name}");
        }
        let least = merchant.client.post("/v1/login-clients", None, &json!({ "redirect_uris": [REDIRECT] })).ok(201);
        assert_eq!((&least["require_pkce"], &least["id_token_signed_response_alg"]), (&json!(true), &json!("EdDSA")));
        let path = format!("/v1/login-clients/{}", text(&made, "/client_id"));
        world.merchant("FR").client.delete(&path).problem(404, "not-found");
        assert_eq!(merchant.client.delete(&path).status, 204);
        merchant.client.delete(&path).problem(404, "not-found");
        merchant.client.delete("/v1/login-clients/nonsense").problem(404, "not-found");
        let left = merchant.client.get("/v1/login-clients").ok(200);
        assert_eq!(left["data"].as_array().unwrap().len(), 1);
    }

    fn what_is_wrong_with_a_shop_is_said(world: &World) {
        let merchant = world.merchant("DE");
        let register = |wish: &Value| merchant.client.post("/v1/login-clients", None, wish);
        let check = |wish: Value, field: &str| {
            let answer = register(&wish);
            answer.problem(400, "malformed-request");
            assert_eq!(answer.body["field"], field, "{wish}: {:#}", answer.body);
        };
        check(json!({}), "redirect_uris");
        check(json!({ "redirect_uris": [] }), "redirect_uris");
        for uri in [
            "http://shop.example/", "https://shop.example/#a", "https://a@shop.example/", "/callback", "",
            "javascript:alert(1)", "shop://callback",
        ] {
            check(json!({ "redirect_uris": [REDIRECT, uri] }), "redirect_uris[1]");
            let after = json!({ "redirect_uris": [REDIRECT], "post_logout_redirect_uris": [uri] });
            check(after, "post_logout_redirect_uris[0]");
        }
        check(json!({ "redirect_uris": vec![REDIRECT; 11] }), "redirect_uris");
        check(json!({ "redirect_uris": [REDIRECT], "id_token_signed_response_alg": "none" }), "id_token_signed_response_alg");
        check(json!({ "redirect_uris": [REDIRECT], "id_token_signed_response_alg": "HS256" }), "id_token_signed_response_alg");
        check(json!({ "redirect_uris": [REDIRECT], "name": "" }), "name");
        check(json!({ "redirect_uris": [REDIRECT], "client_id": "mine" }), "client_id");
        for _ in 0..16 {
            register(&json!({ "redirect_uris": [REDIRECT] })).ok(201);
        }
        register(&json!({ "redirect_uris": [REDIRECT] })).problem(400, "malformed-request");
        let key = merchant.client.post("/v1/api-keys", None, &json!({ "scopes": ["offers"] })).ok(201);
        let other = support::Client::new(&world.base, Some(&text(&key, "/key")));
        other.get("/v1/login-clients").problem(403, "scope-missing");
        other.post("/v1/login-clients", None, &json!({ "redirect_uris": [REDIRECT] })).problem(403, "scope-missing");
        world.anyone().get("/v1/login-clients").problem(401, "not-authenticated");
    }

    fn a_shop_that_is_withdrawn_gets_nothing_more(world: &World) {
        let (shop, buyer) = (Shop::new(world), world.buyer());
        let person = Person::new(&world.base);
        let tokens = shop.tokens(&person, &buyer.login, &[]);
        let code = shop.code(&person, &buyer.login, &[]);
        assert_eq!(shop.merchant.client.delete(&format!("/v1/login-clients/{}", shop.id)).status, 204);
        shop.userinfo(&tokens).refused(401, "invalid_token");
        shop.refresh(&tokens).refused(401, "invalid_client");
        shop.exchange(&code).refused(401, "invalid_client");
        assert_eq!(person.get(&shop.authorize(&[])).status, 400);
    }

    fn a_client_shows_its_secret_in_the_header_or_in_the_form(world: &World) {
        let (shop, other, buyer) = (Shop::new(world), Shop::new(world), world.buyer());
        let person = Person::new(&world.base);
        let (id, secret) = (shop.id.as_str(), shop.secret.as_str());
        let basic = |pair: String| format!("Basic {}", BASE64.encode(pair.as_bytes()));
        let ask = |header: Option<String>, more: &[(&str, &str)]| {
            let code = shop.code(&person, &buyer.login, &[]);
            let mut fields = vec![
                ("grant_type", "authorization_code"), ("code", code.as_str()), ("redirect_uri", REDIRECT),
                ("code_verifier", shop::VERIFIER), ("unknown", "ignored"),
            ];
            fields.extend(more);
            post_as(&shop.base, "/oauth/token", header.as_deref(), &fields)
        };
        ask(Some(basic(format!("{id}:{secret}"))), &[]).ok();
        ask(Some(basic(format!("{id}:{secret}"))), &[("client_id", id)]).ok();
        ask(Some(basic(format!("{}:{}", id.replace('_', "%5F"), secret.replace('_', "%5f")))), &[]).ok();
        ask(None, &[("client_id", id), ("client_secret", secret)]).ok();
        for (header, more) in [
            (None, vec![]), (None, vec![("client_id", id)]), (None, vec![("client_id", id), ("client_secret", "wrong")]),
            (None, vec![("client_id", other.id.as_str()), ("client_secret", secret)]),
            (None, vec![("client_id", "x"), ("client_secret", secret)]),
            (Some(basic(format!("{id}:wrong"))), vec![]), (Some(basic(id.to_owned())), vec![]),
            (Some("Basic ???".to_owned()), vec![]), (Some(format!("Bearer {secret}")), vec![]),
        ] {
            let reply = ask(header, &more);
            reply.refused(401, "invalid_client");
            assert!(reply.challenge.unwrap().starts_with("Basic"));
        }
        let both = [("client_secret", secret)];
        ask(Some(basic(format!("{id}:{secret}"))), &both).refused(400, "invalid_request");
        ask(Some(basic(format!("{id}:{secret}"))), &[("client_id", &other.id)]).refused(400, "invalid_request");
        ask(Some(basic(format!("{id}:{secret}"))), &[("code", "twice")]).refused(400, "invalid_request");
        let post = |fields: &[(&str, &str)]| shop.post("/oauth/token", fields);
        post(&[]).refused(400, "invalid_request");
        post(&[("grant_type", "password"), ("username", "a"), ("password", "b")]).refused(400, "unsupported_grant_type");
        post(&[("grant_type", "client_credentials")]).refused(400, "unsupported_grant_type");
        post(&[("grant_type", "authorization_code")]).refused(400, "invalid_request");
        post(&[("grant_type", "refresh_token"), ("refresh_token", "x")]).refused(400, "invalid_grant");
    }

    fn discovery_says_what_there_is(world: &World) {
        let told = world.anyone().get("/.well-known/openid-configuration").ok(200);
        assert_eq!(told["issuer"], json!(world.base));
        for endpoint in ["token", "userinfo", "revocation", "end_session", "authorization"] {
            let address = text(&told, &format!("/{endpoint}_endpoint"));
            assert!(address.starts_with(&format!("{}/oauth/", world.base)), "{address}");
            let path = address.strip_prefix(&world.base).unwrap();
            assert_ne!(world.anyone().get(path).status, 404, "{path}");
        }
        assert_eq!(told["authorization_response_iss_parameter_supported"], true);
        assert_eq!(told["code_challenge_methods_supported"], json!(["S256"]));
        assert_eq!(told["subject_types_supported"], json!(["pairwise"]));
    }
}

#[test]
fn the_rsa_key_is_made_when_it_is_asked_for_and_stays() {
    let mut world = World::on_sqlite();
    let keys = |world: &World| {
        let set = world.anyone().get("/.well-known/jwks.json").ok(200);
        let of_rsa = |key: &&Value| key["kty"] == "RSA";
        set["keys"].as_array().unwrap().iter().filter(of_rsa).cloned().collect::<Vec<_>>()
    };
    assert!(keys(&world).is_empty());
    Shop::new(&world);
    assert!(keys(&world).is_empty(), "nobody asked");
    let rs256 = json!({ "id_token_signed_response_alg": "RS256" });
    Shop::with(&world, &rs256);
    let first = keys(&world);
    assert_eq!(
        (first.len(), &first[0]["alg"], &first[0]["use"]),
        (1, &json!("RS256"), &json!("sig"))
    );
    assert_eq!(text(&first[0], "/n").len(), 342, "2048 bits");
    Shop::with(&world, &rs256);
    assert_eq!(keys(&world), first);
    world.restart();
    assert_eq!(keys(&world), first);
    let (shop, buyer) = (Shop::with(&world, &rs256), world.buyer());
    let tokens = shop.tokens(&Person::new(&world.base), &buyer.login, &[]);
    let header = shop::header(&tokens["id_token"]);
    assert_eq!((&header["alg"], &header["kid"]), (&json!("RS256"), &first[0]["kid"]));
}

#[test]
fn processes_that_share_a_database_share_the_rsa_key() {
    use purser_core::login::client::IdTokenAlg;
    use purser_store::facts::login_key::login_key_settle;
    let world = World::on_postgres();
    let settle = |secret: u8| {
        let change = move |db: &mut purser_store::Connection| {
            login_key_settle(db, IdTokenAlg::Rs256, vec![secret], jiff::Timestamp::UNIX_EPOCH)
        };
        actix_web::rt::System::new().block_on(world.gateway.store.write(change)).unwrap()
    };
    assert_eq!(settle(1), [1]);
    assert_eq!(settle(2), [1], "who is second gets the key of the first");
}
