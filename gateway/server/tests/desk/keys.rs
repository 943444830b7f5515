//! Keys and secrets: shown once, and good until they are deleted.

use serde_json::json;

use super::{Browser, Shop, World};
use crate::{
    on_both_databases,
    support::{Client, text},
};

/// What stands in the secrets of a page that shows them once.
fn secrets(body: &str) -> Vec<String> {
    let shown = body.split("class=\"secret\"").skip(1);
    shown
        .map(|rest| rest.split('>').nth(1).unwrap().split('<').next().unwrap().to_owned())
        .collect()
}

on_both_databases! {
    fn a_key_for_the_api_is_shown_once_and_may_do_no_more_than_its_maker(world: &World) {
        let mut shop = Shop::new(world);
        let page = shop.browser.get("/desk/keys").ok();
        let form = [("scopes[]", "offers"), ("scopes[]", "keys"), ("expires_at", "2024-07-01")];
        let made = shop.browser.send(&page, "/desk/keys", &form);
        assert_eq!(made.status, 201);
        assert_eq!(made.header("cache-control"), Some("no-store"));
        let key = secrets(&made.body).remove(0);
        let client = Client::new(&world.base, Some(&key));
        let offer = crate::titled("A thing", "1.00", "USD");
        client.post("/v1/offers", None, &offer).ok(201);
        client.get("/v1/sales").problem(403, "scope-missing");
        let again = shop.browser.get("/desk/keys").ok();
        assert!(!again.body.contains(&key), "shown once");
        again.says("2024-07-01 23:59 UTC");
        world.set_clock("2024-07-02T00:00:00Z");
        client.get("/v1/merchant").problem(401, "not-authenticated");

        let (mut lesser, _) = shop.with_scopes(world, &["keys"]);
        let page = lesser.get("/desk/keys").ok();
        assert!(!page.body.contains("value=\"sales:refund\""), "only what it may do is offered");
        let refused = lesser.send(&page, "/desk/keys", &[("scopes[]", "sales:refund")]);
        assert_eq!(refused.status, 403);
        let refused = lesser.send(&page, "/desk/keys", &[]);
        refused.says("Choose at least one.");
        assert_eq!(refused.status, 400);
        let past = lesser.send(&page, "/desk/keys", &[("scopes[]", "keys"), ("expires_at", "2024-01-01")]);
        past.says("Choose a day to come.");
        assert_eq!(past.status, 400);
    }

    fn a_desk_that_was_opened_with_a_key_that_ends_makes_none_that_ends_later(world: &World) {
        let shop = Shop::new(world);
        let ending = json!({ "scopes": ["keys"], "expires_at": "2024-07-02T00:00:00Z" });
        let ending = shop.merchant.client.post("/v1/api-keys", None, &ending).ok(201);
        let mut browser = Browser::new(world);
        browser.open_desk("/desk", &text(&ending, "/key"));
        let page = browser.get("/desk/keys").ok();
        for later in [&[("scopes[]", "keys")][..], &[("scopes[]", "keys"), ("expires_at", "2024-07-02")]] {
            let refused = browser.send(&page, "/desk/keys", later);
            assert_eq!(refused.status, 400);
            refused.says("2024-07-02 00:00 UTC");
        }
        let sooner = [("scopes[]", "keys"), ("expires_at", "2024-07-01")];
        assert_eq!(browser.send(&page, "/desk/keys", &sooner).status, 201);
    }

    fn a_key_of_somebody_else_is_unknown(world: &World) {
        let (mut shop, other) = (Shop::new(world), Shop::new(world));
        let keys = other.merchant.client.get("/v1/api-keys").ok(200);
        let key = text(&keys, "/data/0/id");
        let client = json!({ "redirect_uris": ["https://shop.example/cb"] });
        let client = other.merchant.client.post("/v1/login-clients", None, &client).ok(201);
        let page = shop.browser.get("/desk/keys").ok();
        let fields = page.form(0).fields;
        let csrf: Vec<(&str, &str)> =
            fields.iter().filter(|(name, _)| name == "csrf").map(|(name, value)| (&**name, &**value)).collect();
        for path in [
            format!("/desk/keys/{key}/delete"),
            format!("/desk/offer-keys/{}/delete", other.merchant.kid),
            format!("/desk/logins/{}/delete", text(&client, "/client_id")),
            "/desk/keys/nonsense/delete".to_owned(),
            "/desk/offer-keys/nonsense/delete".to_owned(),
            "/desk/logins/nonsense/delete".to_owned(),
        ] {
            shop.browser.post(&path, &csrf).problem(404, "not-found");
        }
        other.merchant.client.get("/v1/merchant").ok(200);
    }

    fn offer_keys_are_rotated_while_offers_are_out(world: &World) {
        let (mut shop, buyer) = (Shop::new(world), world.buyer_with("100.00"));
        let old = shop.merchant.offer("1.00", "USD");
        let page = shop.browser.get("/desk/offer-keys").ok();
        let made = shop.browser.send(&page, "/desk/offer-keys", &[("alg", "HS256")]);
        assert_eq!(made.status, 201);
        let shown = secrets(&made.body);
        let (kid, secret) = (&shown[0], &shown[1]);
        let page = shop.browser.get("/desk/offer-keys").ok();
        page.says(kid);
        assert!(!page.body.contains(secret.as_str()), "shown once");
        buyer.buy(&[&old]).ok(201);
        let (out, new) = (shop.merchant.offer("1.00", "USD"), kid.clone());
        assert_ne!(new, shop.merchant.kid);
        let gone = format!("/desk/offer-keys/{}/delete", shop.merchant.kid);
        shop.browser.send(&page, &gone, &[]).leads_to("/desk/offer-keys");
        shop.browser.get("/desk/offer-keys").ok().says(&format!("{} is deleted.", shop.merchant.kid));
        buyer.buy(&[&old]).problem(422, "offer-tampered");
        buyer.buy(&[&out]).ok(201);

        let public = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        let page = shop.browser.get("/desk/offer-keys").ok();
        let form = [("alg", "EdDSA"), ("public_key", public)];
        shop.browser.send(&page, "/desk/offer-keys", &form).leads_to("/desk/offer-keys");
        for wrong in [[("alg", "EdDSA"), ("public_key", "x")], [("alg", "HS256"), ("public_key", public)]] {
            let refused = shop.browser.send(&page, "/desk/offer-keys", &wrong);
            refused.says("Enter an Ed25519 public key for EdDSA");
            assert_eq!(refused.status, 400);
        }
    }

    fn a_login_client_is_registered_and_its_secret_shown_once(world: &World) {
        let mut shop = Shop::new(world);
        let page = shop.browser.get("/desk/logins").ok();
        let form = [
            ("name", "Live <b>shop</b>"),
            ("redirect_uris", "https://shop.example/cb\r\nhttps://shop.example/other\r\n"),
            ("id_token_signed_response_alg", "EdDSA"),
        ];
        let made = shop.browser.send(&page, "/desk/logins", &form);
        assert_eq!(made.status, 201);
        let shown = secrets(&made.body);
        let page = shop.browser.get("/desk/logins").ok();
        page.says(&shown[0]).says("https://shop.example/other").says("Live &#60;b&#62;shop&#60;/b&#62;");
        assert!(shown[1].starts_with("cs_test_") && !page.body.contains(&shown[1]), "shown once");
        let listed = shop.merchant.client.get("/v1/login-clients").ok(200);
        assert_eq!((text(&listed, "/data/0/client_id"), &listed["data"][0]["require_pkce"]), (shown[0].clone(), &json!(true)));
        let wrong = shop.browser.send(&page, "/desk/logins", &[("redirect_uris", "http://shop.example/cb")]);
        wrong.says("Enter complete https addresses");
        assert_eq!(wrong.status, 400);
        let delete = format!("/desk/logins/{}/delete", shown[0]);
        shop.browser.send(&page, &delete, &[]).leads_to("/desk/logins");
        assert_eq!(shop.merchant.client.get("/v1/login-clients").ok(200)["data"], json!([]));
    }
}
