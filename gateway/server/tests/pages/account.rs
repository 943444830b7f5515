//! Opening an account, signing in and out, and getting back in.

use crate::{
    browser::Browser,
    on_both_databases,
    support::{World, login, new_key},
};

on_both_databases! {
    /// The recovery code is shown once, somebody is signed in, and goes on to where it was going.
    fn an_account_is_opened_and_its_recovery_code_gets_back_in(world: &World) {
        let mut browser = Browser::new(world);
        let page = browser.get("/signup?next=/pay%3Foffer%3Dx").ok();
        let email = format!("{}@example.org", new_key());
        let fields = [
            ("email", email.as_str()),
            ("pin", "271828"),
            ("password", "correct horse battery"),
            ("country", "de"),
        ];
        let shown = browser.submit(&page, &fields).ok();
        shown.says("href=\"/pay?offer=x\"");
        let code = shown.body.split("class=\"secret\"").nth(1).unwrap();
        let code = code.split('>').nth(1).unwrap().split('<').next().unwrap().to_owned();
        assert!(code.len() > 20, "{code}");
        browser.get("/login").leads_to("/wallet");

        let mut elsewhere = Browser::new(world);
        let page = elsewhere.get("/recover").ok();
        let fields = [
            ("recovery_code", code.as_str()),
            ("email", email.as_str()),
            ("new_pin", "314159"),
            ("new_password", "another horse battery"),
        ];
        let next = elsewhere.submit(&page, &fields).ok();
        assert!(!next.body.contains(&code), "the code is used up, and another one is shown");
        // Whoever was signed in is not any more.
        browser.get("/login").ok();
        let page = elsewhere.get("/recover").ok();
        elsewhere.submit(&page, &fields).says("Those details are not right");

        let page = browser.get("/login").ok();
        let old = [("email", email.as_str()), ("pin", "271828"), ("password", "correct horse battery")];
        assert_eq!(browser.submit(&page, &old).status, 401);
        let page = browser.get("/login").ok();
        let new = [("email", email.as_str()), ("pin", "314159"), ("password", "another horse battery")];
        browser.submit(&page, &new).leads_to("/wallet");
    }

    fn signing_out_ends_the_session_whoever_has_its_cookie(world: &World) {
        let (mut browser, _) = Browser::of_buyer(world);
        let mut copied = browser.clone();
        copied.get("/login").leads_to("/wallet");
        let page = browser.get("/logout").ok();
        browser.submit(&page, &[]).leads_to("/");
        browser.get("/login").ok();
        copied.get("/login").ok();
    }
}

#[test]
fn a_form_says_what_is_wrong_with_each_field_and_keeps_what_is_no_secret() {
    let world = World::on_sqlite();
    let mut browser = Browser::new(&world);
    let page = browser.get("/signup?lang=de").ok();
    let fields = [("email", "ann@example.org"), ("pin", "12"), ("password", "correct horse")];
    let again = browser.submit(&page, &fields);
    assert_eq!(again.status, 400);
    again.says("Eine PIN hat 6 bis 8 Ziffern").says("href=\"#pin\"").says("aria-invalid=\"true\"");
    again.says("value=\"ann@example.org\"");
    assert!(!again.body.contains("correct horse"), "{}", again.body);
}

#[test]
fn a_known_and_an_unknown_email_are_answered_alike() {
    let world = World::on_sqlite();
    let known = login("known@example.org");
    world.sign_up(&known);
    let told = |email: &str| {
        let mut browser = Browser::new(&world);
        let page = browser.get("/login").ok();
        let fields = [("email", email), ("pin", "000000"), ("password", "wrong wrong wrong")];
        let answer = browser.submit(&page, &fields);
        let tokens = answer.form(0).fields;
        let token = &tokens.iter().find(|(name, _)| name == "csrf").unwrap().1;
        let headers: Vec<String> = answer.headers.keys().cloned().collect();
        (answer.status, headers, answer.body.replace(email, "E").replace(token, "T"))
    };
    assert_eq!(told("known@example.org"), told("unknown@example.org"));
}

#[test]
fn the_language_is_what_was_chosen_or_what_the_browser_asks_for() {
    let world = World::on_sqlite();
    let mut browser = Browser::new(&world);
    let heading = |browser: &mut Browser, path: &str| {
        let page = browser.get(path).ok();
        page.body.split("<html ").nth(1).unwrap().split('>').next().unwrap().to_owned()
    };
    assert_eq!(heading(&mut browser, "/login"), "lang=\"en\" dir=\"ltr\"");
    let mut german = browser.sending("Accept-Language", "fr, en;q=0.2, de-AT;q=0.7");
    assert_eq!(heading(&mut german, "/login"), "lang=\"de\" dir=\"ltr\"");
    assert_eq!(heading(&mut german, "/login?lang=ar"), "lang=\"ar\" dir=\"rtl\"");
    assert_eq!(heading(&mut german, "/login"), "lang=\"ar\" dir=\"rtl\"", "it is kept");
    assert_eq!(heading(&mut german, "/signup?lang=xx"), "lang=\"ar\" dir=\"rtl\"");
    let page = german.get("/login?next=/pay%3Foffer%3Da%26b&lang=ja").ok();
    page.says("href=\"/login?next=%2Fpay%3Foffer%3Da%26b&#38;lang=de\"");
}
