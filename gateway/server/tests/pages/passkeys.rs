//! Passkeys, shown by an authenticator and a client that nobody here wrote.

use serde_json::{Value, json};
use url::Url;

use crate::{
    browser::{Browser, Page},
    on_both_databases,
    ring::{MINE, Ring, origin, secrets},
    support::{World, login, text},
};

fn credentials(login: &Value) -> [(String, String); 3] {
    ["email", "pin", "password"]
        .map(|name| (name.to_owned(), login[name].as_str().unwrap().to_owned()))
}

/// A buyer's browser in which the credentials were shown, and the page after that.
fn asked(world: &World, login: &Value) -> (Browser, Page) {
    let mut browser = Browser::new(world);
    let page = browser.get("/login").ok();
    let fields = credentials(login);
    let fields: Vec<_> =
        fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let page = browser.submit(&page, &fields);
    (browser, page)
}

on_both_databases! {
    fn a_buyers_passkey_is_asked_for_beside_the_credentials(world: &World) {
        let (mut browser, login) = Browser::of_buyer(world);
        let mut ring = Ring::new(world);
        let page = browser.get(MINE).ok();
        let guessed = [("passkey_name", "blue key"), ("pin", "000000"), ("password", "a wrong one")];
        assert_eq!(browser.send(&page, MINE, &guessed).status, 401);
        let unnamed = [("passkey_name", ""), secrets(&login)[0], secrets(&login)[1]];
        assert_eq!(browser.send(&page, MINE, &unnamed).status, 400);
        ring.made_in(&mut browser, MINE, &secrets(&login));

        let (mut elsewhere, page) = asked(world, &login);
        let page = page.ok();
        elsewhere.get("/wallet").leads_to("/login?next=%2Fwallet");
        let answer = ring.answer(&page);
        elsewhere.submit(&page, &[("answer", &answer)]).leads_to("/wallet");
        elsewhere.get("/wallet").ok();
        elsewhere.get(MINE).ok().says("2024");
    }

    /// What was opened without it ends, but for where it was made.
    fn a_new_passkey_ends_what_was_opened_without_it(world: &World) {
        let (mut browser, login) = Browser::of_buyer(world);
        let tokens = world.sign_in(&login).ok(200);
        let mut elsewhere = Browser::new(world);
        elsewhere.sign_in(&login);
        Ring::new(world).made_in(&mut browser, MINE, &secrets(&login));
        elsewhere.get("/wallet").leads_to("/login?next=%2Fwallet");
        let refresh = json!({ "refresh_token": text(&tokens, "/refresh_token") });
        world.anyone().post("/v1/sessions/refresh", None, &refresh).problem(401, "not-authenticated");
        browser.get("/wallet").ok();
        // The second one makes no new code.
        Ring::new(world).made_in(&mut browser, MINE, &secrets(&login)).leads_to(MINE);
    }

    /// Programs cannot show one, and have no way around it.
    fn the_api_signs_nobody_in_without_the_passkey(world: &World) {
        let (mut browser, login) = Browser::of_buyer(world);
        world.sign_in(&login).ok(200);
        Ring::new(world).made_in(&mut browser, MINE, &secrets(&login));
        world.sign_in(&login).problem(403, "passkey-needed");
        world.anyone().post("/v1/accounts", None, &login).problem(403, "passkey-needed");
        let mut wrong = login.clone();
        wrong["pin"] = json!("000000");
        world.sign_in(&wrong).problem(401, "wrong-credentials");
    }

    /// Late, twice, in another browser, by another key, in another place, or not at all.
    fn what_does_not_answer_the_challenge_signs_nobody_in(world: &World) {
        let (mut browser, login) = Browser::of_buyer(world);
        let mut ring = Ring::new(world);
        ring.made_in(&mut browser, MINE, &secrets(&login));
        let refused = |browser: &mut Browser, page: &Page, answer: &str| {
            browser.submit(page, &[("answer", answer)]).leads_to("/login?next=%2Fwallet");
            browser.get("/wallet").leads_to("/login?next=%2Fwallet");
        };
        let (mut one, page) = asked(world, &login);
        for nonsense in ["", "{}", "null", "[1]", "{\"id\":\"AA\"}"] {
            refused(&mut one, &page, nonsense);
        }
        let answer = ring.answer(&page);
        // The nonsense used the challenge up.
        refused(&mut one, &page, &answer);

        let (mut one, page) = asked(world, &login);
        let answer = ring.answer(&page);
        let (mut two, other) = asked(world, &login);
        refused(&mut two, &other, &answer);
        let ceremony = page.form(0).fields.iter().find(|(name, _)| name == "ceremony").unwrap().1.clone();
        let (mut two, other) = asked(world, &login);
        two.submit(&other, &[("ceremony", &ceremony), ("answer", &answer)]).leads_to("/login?next=%2Fwallet");
        one.submit(&page, &[("answer", &answer)]).leads_to("/wallet");
        let page_again = one.get("/login");
        page_again.leads_to("/wallet");

        // Somebody else's key, and the right one of a page that only looks like ours.
        let (mut other, their_login) = Browser::of_buyer(world);
        let mut their_ring = Ring::new(world);
        their_ring.made_in(&mut other, MINE, &secrets(&their_login));
        let (mut one, page) = asked(world, &login);
        let (_, theirs) = asked(world, &their_login);
        let answer = their_ring.answer(&theirs);
        refused(&mut one, &page, &answer);
        let (mut one, page) = asked(world, &login);
        ring.origin = Url::parse("http://localhost:9").unwrap();
        let answer = ring.answer(&page);
        refused(&mut one, &page, &answer);
        ring.origin = origin(world);

        let (mut one, page) = asked(world, &login);
        let answer = ring.answer(&page);
        world.advance(360);
        refused(&mut one, &page, &answer);
    }

    fn who_lost_the_passkey_comes_back_with_the_recovery_code(world: &World) {
        let login = login(&format!("{}@example.com", crate::support::new_key()));
        let old = text(&world.sign_up(&login), "/recovery_code");
        let mut browser = Browser::new(world);
        browser.sign_in(&login);
        let page = Ring::new(world).made_in(&mut browser, MINE, &secrets(&login)).ok();
        let new = page.body.split("id=\"code\"").nth(1).unwrap();
        let new = new.split('>').nth(1).unwrap().split('<').next().unwrap();
        let recover = |code: &str| {
            let recovery = json!({
                "recovery_code": code, "email": login["email"], "new_pin": "271828", "new_password": "another horse",
            });
            world.anyone().post("/v1/account/credentials", None, &recovery)
        };
        // Whoever knew the credentials may have had that one made.
        recover(&old).problem(401, "wrong-credentials");
        recover(new).ok(200);
        let mut new = login.clone();
        new["pin"] = json!("271828");
        new["password"] = json!("another horse");
        Browser::new(world).sign_in(&new);
    }

    fn a_passkey_that_was_removed_is_not_asked_for(world: &World) {
        let (mut browser, login) = Browser::of_buyer(world);
        Ring::new(world).made_in(&mut browser, MINE, &secrets(&login));
        let page = browser.get(MINE).ok();
        let id = page.body.split("name=\"passkey\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let remove = format!("{MINE}/remove");
        let guessed = [("passkey", &*id), ("pin", "000000"), ("password", "a wrong one")];
        assert_eq!(browser.send(&page, &remove, &guessed).status, 401);
        let [pin, password] = secrets(&login);
        assert_eq!(browser.send(&page, &remove, &[("passkey", "AAAA"), pin, password]).status, 404);
        browser.send(&page, &remove, &[("passkey", &*id), pin, password]).leads_to(MINE);
        Browser::new(world).sign_in(&login);
    }

    fn a_desk_is_opened_with_a_passkey_for_as_long_as_its_key_is_good(world: &World) {
        let merchant = world.merchant("DE");
        let key = merchant.client.post("/v1/api-keys", None, &json!({ "scopes": ["sales:read"] })).ok(201);
        let mut browser = Browser::new(world);
        browser.open_desk("/desk", &text(&key, "/key"));
        let mut ring = Ring::new(world);
        let key_shown = text(&key, "/key");
        let page = browser.get("/desk/passkeys").ok();
        let guessed = [("passkey_name", "blue key"), ("key", "sk_test_guess")];
        assert_eq!(browser.send(&page, "/desk/passkeys", &guessed).status, 401);
        ring.made_in(&mut browser, "/desk/passkeys", &[("key", &key_shown)]);

        let shows = |ring: &mut Ring, area: &str| {
            let mut browser = Browser::new(world);
            let page = browser.get(&format!("{area}/login")).ok();
            let asked = browser.submit_nth(&page, 1, &[]).ok();
            let answer = ring.answer(&asked);
            let answered = browser.submit(&asked, &[("answer", &answer)]);
            (browser, asked, answer, answered)
        };
        let (mut elsewhere, asked, answer, opened) = shows(&mut ring, "/desk");
        opened.leads_to("/desk");
        elsewhere.get("/desk/sales").ok();
        elsewhere.get("/desk/keys").problem(403, "scope-missing");
        let mut thief = Browser::new(world);
        thief.get("/desk/login").ok();
        let page = thief.get("/desk/login").ok();
        let fields = asked.form(0).fields;
        let ceremony = &fields.iter().find(|(name, _)| name == "ceremony").unwrap().1;
        let own = page.form(0).fields;
        let token = &own.iter().find(|(name, _)| name == "csrf").unwrap().1;
        let stolen = [("csrf", token.as_str()), ("ceremony", ceremony), ("answer", &answer)];
        thief.post("/desk/login/passkey", &stolen).leads_to("/desk/login?next=%2Fdesk");
        let (_, _, _, wrong_desk) = shows(&mut ring, "/operator");
        wrong_desk.leads_to("/operator/login?next=%2Foperator");

        merchant.client.delete(&format!("/v1/api-keys/{}", text(&key, "/id"))).ok(204);
        let (_, _, _, withdrawn) = shows(&mut ring, "/desk");
        withdrawn.leads_to("/desk/login?next=%2Fdesk");
    }

    fn the_operator_has_passkeys_too(world: &World) {
        let file = world.gateway.settings.data.join("operator.key");
        let key = std::fs::read_to_string(file).unwrap();
        let mut browser = Browser::new(world);
        browser.open_desk("/operator", key.trim());
        let mut ring = Ring::new(world);
        ring.made_in(&mut browser, "/operator/passkeys", &[("key", key.trim())]);
        let mut elsewhere = Browser::new(world);
        let page = elsewhere.get("/operator/login").ok();
        let asked = elsewhere.submit_nth(&page, 1, &[]).ok();
        let answer = ring.answer(&asked);
        elsewhere.submit(&asked, &[("answer", &answer)]).leads_to("/operator");
        elsewhere.get("/operator/check").ok();
    }
}

#[test]
fn challenges_at_a_desk_are_counted() {
    let world = World::with(|settings| settings.throttle.logins_per_address = 1);
    let mut browser = Browser::new(&world);
    for expected in [[200; 10].as_slice(), &[429]].concat() {
        let page = browser.get("/desk/login").ok();
        assert_eq!(browser.submit_nth(&page, 1, &[]).status, expected);
    }
}
