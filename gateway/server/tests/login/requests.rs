//! What a shop may ask for, and who is told when it asks for something else.

use super::{person::parameter, shop::AFTER, *};

/// What the shop is told, with its state and who says it.
#[track_caller]
fn told(world: &World, location: &str) -> String {
    assert!(location.starts_with(REDIRECT), "{location}");
    assert_eq!(parameter(location, "iss").as_ref(), Some(&world.base));
    assert_eq!(parameter(location, "code"), None);
    parameter(location, "error").unwrap()
}

on_both_databases! {
    fn nobody_is_sent_to_an_address_that_is_not_exactly_the_shops(world: &World) {
        let (shop, other) = (Shop::new(world), Shop::new(world));
        let person = Person::new(&world.base);
        for changed in [
            vec![("redirect_uri", "")], vec![("redirect_uri", "http://127.0.0.1:9/callback")],
            vec![("redirect_uri", "http://127.0.0.1:9/callback?page=1#x")], vec![("redirect_uri", AFTER)],
            vec![("redirect_uri", "http://127.0.0.1:9/callback?page=1&x=1")],
            vec![("redirect_uri", "http://localhost:9/callback?page=1")], vec![("redirect_uri", "https://evil.example/")],
            vec![("client_id", "")], vec![("client_id", "client_00000000000000000000000000")], vec![("client_id", "x")],
            vec![("client_id", &shop.id), ("client_id", &other.id)],
            vec![("redirect_uri", REDIRECT), ("redirect_uri", "https://evil.example/")],
        ] {
            let page = person.get(&shop.authorize(&changed));
            assert_eq!((page.status, page.location()), (400, None), "{changed:?}");
        }
    }

    fn a_shop_is_told_what_is_wrong_with_the_rest(world: &World) {
        let shop = Shop::new(world);
        let person = Person::new(&world.base);
        let long = "a".repeat(600);
        for (changed, error) in [
            (vec![("response_type", "")], "invalid_request"),
            (vec![("response_type", "token")], "unsupported_response_type"),
            (vec![("response_type", "code id_token")], "unsupported_response_type"),
            (vec![("response_mode", "form_post")], "invalid_request"),
            (vec![("scope", "")], "invalid_scope"),
            (vec![("scope", "profile email")], "invalid_scope"),
            (vec![("code_challenge", "")], "invalid_request"),
            (vec![("code_challenge", ""), ("code_challenge_method", "")], "invalid_request"),
            (vec![("code_challenge_method", "plain")], "invalid_request"),
            (vec![("code_challenge_method", "")], "invalid_request"),
            (vec![("code_challenge", "short")], "invalid_request"),
            (vec![("prompt", "none login")], "invalid_request"),
            (vec![("prompt", "nonsense")], "invalid_request"),
            (vec![("max_age", "-1")], "invalid_request"),
            (vec![("nonce", long.as_str())], "invalid_request"),
            (vec![("nonce", "a"), ("nonce", "b")], "invalid_request"),
            (vec![("request", "a.b.c")], "request_not_supported"),
            (vec![("request_uri", "https://shop.example/r")], "request_uri_not_supported"),
            (vec![("registration", "{}")], "registration_not_supported"),
        ] {
            let location = person.get(&shop.authorize(&changed)).leads();
            assert_eq!(told(world, &location), error, "{changed:?}");
            assert_eq!(parameter(&location, "state").as_deref(), Some("a state"));
        }
        let location = person.get(&shop.authorize(&[("state", "a"), ("state", "b")])).leads();
        assert_eq!((told(world, &location).as_str(), parameter(&location, "state")), ("invalid_request", None));
        let german = [("nonsense", "x"), ("ui_locales", "xx de-AT en"), ("response_mode", "query")];
        let page = person.get(&shop.authorize(&german)).ok();
        assert!(page.body.contains("<html lang=\"de\""), "the shop's language, if it is ours");
        let wrong = person.sign_in_on(&page, &login("nobody@example.org"));
        assert!(wrong.body.contains("<html lang=\"de\""));
    }

    fn a_shop_may_look_without_asking(world: &World) {
        let (shop, buyer) = (Shop::new(world), world.buyer());
        let person = Person::new(&world.base);
        let look = || told(world, &person.get(&shop.authorize(&[("prompt", "none")])).leads());
        assert_eq!(look(), "login_required");
        let page = person.get(&shop.authorize(&[])).ok();
        let consent = person.get(&person.sign_in_on(&page, &buyer.login).leads()).ok();
        assert_eq!(look(), "consent_required");
        person.submit(&consent, &[]).leads();
        let back = person.get(&shop.authorize(&[("prompt", "none")])).leads();
        shop.exchange(&parameter(&back, "code").unwrap()).ok();
        let timed = person.get(&shop.authorize(&[("prompt", "none"), ("max_age", "60")])).leads();
        assert_eq!(told(world, &timed), "login_required");
    }

    fn a_shop_may_ask_for_a_fresh_sign_in_or_consent(world: &World) {
        let (shop, buyer) = (Shop::new(world), world.buyer());
        let person = Person::new(&world.base);
        shop.tokens(&person, &buyer.login, &[]);
        let elsewhere = Person::new(&world.base);
        shop.tokens(&elsewhere, &buyer.login, &[]);
        for prompt in ["login", "select_account"] {
            let asks = shop.authorize(&[("prompt", prompt)]);
            let page = person.get(&asks).ok();
            assert!(page.body.contains("name=\"password\""), "{prompt}");
            let next = page.links().into_iter().find(|link| link.starts_with("/signup")).unwrap();
            let next = parameter(&format!("http://x{next}"), "next").unwrap();
            let again = person.get(&next).ok();
            assert!(again.body.contains("name=\"password\""), "who comes back unchanged is asked again");
            let stranger = Person::new(&world.base).get(&asks).ok();
            assert!(!stranger.body.contains("purser_asked"), "nobody arrives for another");
            let signed_in = person.sign_in_on(&page, &buyer.login).leads();
            assert!(signed_in.contains("purser_asked"), "{signed_in}");
            assert!(elsewhere.get(&signed_in).ok().body.contains("name=\"password\""), "it is of one session");
            assert!(person.get(&signed_in).leads().starts_with(REDIRECT));
            assert!(person.get(&asks).ok().body.contains("name=\"password\""), "each time anew");
        }
        let page = person.get(&shop.authorize(&[("prompt", "consent")])).ok();
        assert!(!page.body.contains("name=\"password\""));
        assert!(person.submit(&page, &[]).leads().starts_with(REDIRECT));
        let both = person.get(&shop.authorize(&[("prompt", "login consent")])).ok();
        let consent = person.get(&person.sign_in_on(&both, &buyer.login).leads()).ok();
        assert!(person.submit(&consent, &[]).leads().starts_with(REDIRECT));
    }

    fn who_wants_to_know_when_gets_a_sign_in_of_its_own(world: &World) {
        let (shop, other, buyer) = (Shop::new(world), Shop::new(world), world.buyer());
        let person = Person::new(&world.base);
        let before = jiff::Timestamp::now().as_second();
        let told = |shop: &Shop, changed: &[(&str, &str)]| {
            shop::claims(&shop.tokens(&person, &buyer.login, changed)["id_token"])["auth_time"].clone()
        };
        assert_eq!(told(&shop, &[]), Value::Null);
        let when = told(&shop, &[("max_age", "600")]).as_i64().unwrap();
        assert!((before..=before + 600).contains(&when), "by the machine's clock: {when}");
        let page = person.get(&other.authorize(&[("max_age", "600")])).ok();
        assert!(page.body.contains("name=\"password\""), "no other shop is told the same moment");
        assert_eq!(told(&other, &[]), Value::Null);
    }

    fn a_shop_may_mean_one_buyer(world: &World) {
        let (shop, ann, bob) = (Shop::new(world), world.buyer(), world.buyer());
        let person = Person::new(&world.base);
        let hint = text(&shop.tokens(&person, &ann.login, &[]), "/id_token");
        let meant = [("id_token_hint", hint.as_str())];
        assert!(person.get(&shop.authorize(&meant)).leads().starts_with(REDIRECT));
        let person = Person::new(&world.base);
        shop.tokens(&person, &bob.login, &[]);
        let page = person.get(&shop.authorize(&meant)).ok();
        let location = person.get(&person.sign_in_on(&page, &bob.login).leads()).leads();
        assert_eq!(told(world, &location), "login_required");
        let looks = [meant[0], ("prompt", "none")];
        assert_eq!(told(world, &person.get(&shop.authorize(&looks)).leads()), "login_required");
    }

    fn a_form_of_the_shop_signs_nobody_out_and_agrees_to_nothing(world: &World) {
        let (shop, buyer) = (Shop::new(world), world.buyer());
        let person = Person::new(&world.base);
        let asks = shop.authorize(&[]);
        let consent = person.get(&person.sign_in_on(&person.get(&asks).ok(), &buyer.login).leads()).ok();
        let query: Vec<(String, String)> = url::form_urlencoded::parse(asks.split_once('?').unwrap().1.as_bytes())
            .into_owned().collect();
        let fields: Vec<(&str, &str)> = query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let same = person.post_from_elsewhere("/oauth/authorize", &fields).leads();
        person.get(&same).ok();
        let agree = asks.replace("/authorize?", "/authorize/agree?");
        let forged = person.post_from_elsewhere(&agree, &[("csrf", "x")]);
        assert_eq!(forged.location(), None);
        assert!((400..500).contains(&forged.status), "{forged:?}");
        let without_token = person.post(&agree, &[]);
        assert!((400..500).contains(&without_token.status), "{without_token:?}");
        let look = person.get(&shop.authorize(&[("prompt", "none")])).leads();
        assert_eq!(told(world, &look), "consent_required");
        assert!(person.submit(&consent, &[]).leads().starts_with(REDIRECT));
    }
}

/// Each form of the way is its visitor's: none is taken that another site made.
#[test]
fn no_form_of_a_login_is_taken_that_was_not_made_for_its_visitor() {
    let world = World::on_sqlite();
    let shop = Shop::new(&world);
    let person = Person::new(&world.base);
    let asked = shop.authorize(&[]);
    let page = person.get(&asked).ok();
    assert!(page.policy().contains("frame-ancestors 'none'"), "{}", page.policy());
    let query = asked.split_once('?').unwrap().1;
    let forms = ["authorize/login", "authorize/passkey", "authorize/agree", "end-session/confirm"];
    for form in forms {
        for fields in [&[("csrf", "AAAA")][..], &[]] {
            person.post(&format!("/oauth/{form}?{query}"), fields).problem(403, "form-expired");
        }
    }
}
