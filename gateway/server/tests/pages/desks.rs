//! Signing in to the desks of merchants and operators, with a key.

use serde_json::json;

use crate::{
    browser::Browser,
    on_both_databases,
    support::{World, text},
};

fn operator_key(world: &World) -> String {
    let file = world.gateway.settings.data.join("operator.key");
    std::fs::read_to_string(file).unwrap().trim().to_owned()
}

on_both_databases! {
    fn a_desk_is_open_for_as_long_as_its_key_is_good(world: &World) {
        let merchant = world.merchant("DE");
        let key = merchant.client.post("/v1/api-keys", None, &json!({ "scopes": ["sales:read"] })).ok(201);
        let mut browser = Browser::new(world);
        browser.get("/desk/login").ok();
        browser.open_desk("/desk", &text(&key, "/key"));
        browser.get("/desk/login").leads_to("/desk");
        let withdrawn = merchant.client.delete(&format!("/v1/api-keys/{}", text(&key, "/id")));
        assert!(withdrawn.status < 300, "{withdrawn:?}");
        browser.get("/desk/login").ok();
    }

    fn one_browser_has_a_wallet_and_both_desks(world: &World) {
        let merchant = world.merchant("DE");
        let secret = merchant.client.post("/v1/api-keys", None, &json!({ "scopes": ["keys"] })).ok(201);
        let (mut browser, _) = Browser::of_buyer(world);
        browser.open_desk("/desk", &text(&secret, "/key"));
        browser.open_desk("/operator", &operator_key(world));
        for (login, home) in [("/login", "/wallet"), ("/desk/login", "/desk"), ("/operator/login", "/operator")] {
            browser.get(login).leads_to(home);
        }
        let page = browser.get("/desk/logout").ok();
        browser.submit(&page, &[]).leads_to("/");
        browser.get("/desk/login").ok();
        browser.get("/login").leads_to("/wallet");
    }
}

#[test]
fn a_key_opens_its_own_desk_only_and_every_other_is_answered_alike() {
    let world = World::on_sqlite();
    let merchant = world.merchant("DE");
    let made = merchant.client.post("/v1/api-keys", None, &json!({ "scopes": ["keys"] })).ok(201);
    let merchant_key = text(&made, "/key");
    let told = |area: &str, key: &str| {
        let mut browser = Browser::new(&world);
        let page = browser.get(&format!("{area}/login")).ok();
        let answer = browser.submit(&page, &[("key", key)]);
        let fields = answer.form(0).fields;
        let token = &fields.iter().find(|(name, _)| name == "csrf").unwrap().1;
        (answer.status, answer.body.replace(token, "T"))
    };
    let wrong = told("/operator", "op_test_wrong");
    assert_eq!(wrong.0, 401);
    assert_eq!(told("/operator", &merchant_key), wrong);
    let wrong = told("/desk", "sk_test_wrong");
    assert_eq!(told("/desk", &operator_key(&world)), wrong);
    // The cookie of one desk is none of the other.
    let mut browser = Browser::new(&world);
    browser.open_desk("/desk", &merchant_key);
    let desk = browser.cookies.remove("purser-desk").unwrap();
    browser.cookies.insert("purser-operator".into(), desk.clone());
    browser.cookies.insert("purser".into(), desk);
    browser.get("/operator/login").ok();
    browser.get("/login").ok();
}

#[test]
fn keys_are_throttled_like_other_guesses() {
    let world = World::with(|settings| settings.throttle.logins_per_address = 1);
    let mut browser = Browser::new(&world);
    for expected in [[401; 10].as_slice(), &[429]].concat() {
        let page = browser.get("/desk/login").ok();
        assert_eq!(browser.submit(&page, &[("key", "sk_test_guess")]).status, expected);
    }
}
