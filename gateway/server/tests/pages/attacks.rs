//! What attackers try with somebody else's browser, or their own.

use serde_json::json;

use crate::{
    browser::Browser,
    support::{World, login, text},
};

#[test]
fn a_form_of_another_visitor_or_another_site_is_refused() {
    let world = World::on_sqlite();
    let (mut browser, _) = Browser::of_buyer(&world);
    let page = browser.get("/logout").ok();
    let foreign = Browser::new(&world).get("/logout").ok();
    browser.submit(&foreign, &[]).problem(403, "form-expired");
    for (name, value) in [
        ("Origin", "https://evil.example"),
        ("Origin", "null"),
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Site", "same-site"),
    ] {
        let refused = browser.sending(name, value).submit(&page, &[]);
        refused.problem(403, "form-expired");
    }
    browser.get("/login").leads_to("/wallet");
    let mut honest =
        browser.sending("Origin", &world.base).sending("Sec-Fetch-Site", "same-origin");
    honest.submit(&page, &[]).leads_to("/");
}

#[test]
fn fields_that_are_there_twice_or_unknown_are_refused() {
    let world = World::on_sqlite();
    let mut browser = Browser::new(&world);
    let form = browser.get("/login").ok().form(0);
    let fields: Vec<_> =
        form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let with = |more: &[(&'static str, &'static str)]| [fields.clone(), more.to_vec()].concat();
    let sent = browser.post("/login", &with(&[("email", "a@example.org")]));
    sent.problem(400, "malformed-request");
    let sent = browser.post("/login", &with(&[("admin", "true")]));
    sent.problem(400, "malformed-request");
    let long = "x".repeat(40_000);
    let sent = browser.post("/login", &[("email", long.as_str())]);
    sent.problem(413, "request-too-large");
}

#[test]
fn a_cookie_that_was_there_before_opens_nothing_after() {
    let world = World::on_sqlite();
    let login = login("fixed@example.org");
    world.sign_up(&login);
    let mut browser = Browser::new(&world);
    browser.get("/login").ok();
    let planted = browser.cookies["purser"].clone();
    browser.sign_in(&login);
    assert_ne!(browser.cookies["purser"], planted);
    let mut attacker = Browser::new(&world);
    attacker.cookies.insert("purser".into(), planted);
    attacker.get("/login").ok();
    // Nor does part of the cookie, or another one of its form.
    let cookie = browser.cookies["purser"].clone();
    let (random, sealed) = cookie.split_once('.').unwrap();
    for forged in [
        random.to_owned(),
        format!("{}.{sealed}", "A".repeat(43)),
        format!("{random}.{}", "A".repeat(96)),
    ] {
        attacker.cookies.insert("purser".into(), forged);
        attacker.get("/login").ok();
    }
    browser.get("/login").leads_to("/wallet");
    // Signing in again ends what was there.
    let mut copied = browser.clone();
    let page = browser.get("/signup").ok();
    let other = [("email", "other@example.org"), ("pin", "271828"), ("password", "correct horse")];
    browser.submit(&page, &other).ok();
    browser.get("/login").leads_to("/wallet");
    copied.get("/login").ok();
}

#[test]
fn nobody_is_led_to_another_site() {
    let world = World::on_sqlite();
    let login = login("led@example.org");
    world.sign_up(&login);
    for elsewhere in
        ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]
    {
        let mut browser = Browser::new(&world);
        let query: String = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("next", elsewhere)
            .finish();
        let page = browser.get(&format!("/login?{query}")).ok();
        let next = ("next".to_owned(), "/wallet".to_owned());
        assert!(page.form(0).fields.contains(&next), "{}", page.body);
        let fields = [
            ("email", "led@example.org"),
            ("pin", "271828"),
            ("password", "correct horse battery"),
            ("next", elsewhere),
        ];
        browser.submit(&page, &fields).leads_to("/wallet");
        browser.get(&format!("/login?{query}")).leads_to("/wallet");
        browser.get(&format!("/signup?{query}")).ok().says("value=\"/wallet\"");
    }
}

#[test]
fn what_is_typed_never_becomes_markup() {
    let world = World::on_sqlite();
    let mut browser = Browser::new(&world);
    let page = browser.get("/login").ok();
    let script = "\"><script>alert(1)</script>";
    let again = browser.submit(&page, &[("email", script), ("pin", "1"), ("password", script)]);
    assert_eq!(again.status, 401);
    assert!(!again.body.contains("<script>"), "{}", again.body);
    let page = browser.get("/problems/%3Cscript%3Ealert(1)%3C%2Fscript%3E");
    assert!(!page.body.contains("<script>"), "{}", page.body);
    let page = browser.get("/nowhere?x=%22%3E%3Cscript%3E");
    assert!(!page.body.contains("<script>"), "{}", page.body);
}

#[test]
fn a_forged_address_buys_no_guesses() {
    let world = World::with(|settings| settings.throttle.logins_per_address = 1);
    let mut statuses = Vec::new();
    for index in 0..11 {
        let mut browser =
            Browser::new(&world).sending("X-Forwarded-For", &format!("198.51.100.{index}"));
        let page = browser.get("/login").ok();
        let email = format!("{index}@example.org");
        let fields = [("email", email.as_str()), ("pin", "000000"), ("password", "guess guess")];
        statuses.push(browser.submit(&page, &fields).status);
    }
    assert_eq!(statuses, [[401; 10].as_slice(), &[429]].concat());
}

#[test]
fn credentials_tried_through_one_merchant_trip_that_merchant_only() {
    let world = World::with(|settings| settings.throttle.logins_per_address = 1);
    let login = login("stuffed@example.org");
    world.sign_up(&login);
    let client = |country: &str| {
        let redirects = json!({ "redirect_uris": ["http://127.0.0.1:9/back"] });
        let made = world.merchant(country).client.post("/v1/login-clients", None, &redirects);
        text(&made.ok(201), "/client_id")
    };
    let (attacked, other) = (client("DE"), client("FR"));
    let through = |client: &str, email: &str, password: &str| {
        let mut browser = Browser::new(&world);
        let next = format!("/oauth/authorize?client_id={client}");
        let page = browser.get("/login").ok();
        let (pin, next) = ("271828", next.as_str());
        let fields = [("email", email), ("pin", pin), ("password", password), ("next", next)];
        browser.submit(&page, &fields).status
    };
    let tried: Vec<u16> = (0..6)
        .map(|index| through(&attacked, &format!("{index}@example.org"), "guess guess"))
        .collect();
    assert_eq!(tried, [401, 401, 401, 401, 401, 429]);
    let right = "correct horse battery";
    assert_eq!(through(&attacked, "stuffed@example.org", right), 429);
    assert_eq!(through(&other, "stuffed@example.org", right), 303);
    Browser::new(&world).sign_in(&login);
}
