//! PIN, password, recovery code, signing out everywhere, and erasing the account.

use serde_json::json;

use super::{between, refused};
use crate::{
    browser::Browser,
    on_both_databases,
    pay::{balance, buyer_with},
    support::{World, but},
};

const SECRETS: [(&str, &str); 2] = [("pin", "271828"), ("password", "correct horse battery")];

on_both_databases! {
    fn pin_and_password_are_changed_and_everybody_is_signed_out(world: &World) {
        let (mut browser, login) = Browser::of_buyer(world);
        let mut telephone = Browser::new(world);
        telephone.sign_in(&login);
        let page = browser.get("/wallet/account/credentials").ok();
        refused(browser.submit(&page, &[("pin", "000000"), SECRETS[1], ("new_pin", "314159")]), 401, "Those details are not right");
        refused(browser.submit(&page, &SECRETS), 400, "A PIN has 6 to 8 digits");
        refused(browser.submit(&page, &[SECRETS[0], SECRETS[1], ("new_pin", "12")]), 400, "A PIN has 6 to 8 digits");
        refused(browser.submit(&page, &[SECRETS[0], SECRETS[1], ("new_password", "short")]), 400, "8 to 256 characters");
        let new = [SECRETS[0], SECRETS[1], ("new_pin", "314159")];
        browser.submit(&page, &new).leads_to("/login");
        browser.get("/login").ok().says("PIN and password are changed");
        browser.get("/wallet").leads_to("/login?next=%2Fwallet");
        telephone.get("/wallet").leads_to("/login?next=%2Fwallet");
        world.sign_in(&login).problem(401, "wrong-credentials");
        browser.sign_in(&but(&login, "pin", "314159"));
    }

    fn a_new_recovery_code_replaces_the_old_one(world: &World) {
        let (mut browser, login) = Browser::of_buyer(world);
        let page = browser.get("/wallet/account/recovery-code").ok();
        refused(browser.submit(&page, &[SECRETS[0], ("password", "wrong password")]), 401, "Those details are not right");
        let code = |page: &crate::browser::Page| between(page, "id=\"code\"", "</code>").split_once('>').unwrap().1.to_owned();
        let old = code(&browser.submit(&page, &SECRETS).ok());
        let new = code(&browser.submit(&page, &SECRETS).ok());
        assert_ne!(old, new);
        browser.get("/wallet").ok();
        let recover = |code: &str| {
            let body = json!({ "recovery_code": code, "email": login["email"], "new_pin": "314159", "new_password": "correct horse battery" });
            world.anyone().post("/v1/account/credentials", None, &body)
        };
        recover(&old).problem(401, "wrong-credentials");
        recover(&new).ok(200);
        browser.get("/wallet").leads_to("/login?next=%2Fwallet");
    }

    fn signing_out_everywhere_ends_every_session(world: &World) {
        let (mut browser, login) = Browser::of_buyer(world);
        let mut telephone = Browser::new(world);
        telephone.sign_in(&login);
        let page = browser.get("/wallet/account").ok();
        browser.post("/wallet/account", &[]).problem(403, "form-expired");
        telephone.get("/wallet").ok();
        browser.submit(&page, &[]).leads_to("/login");
        browser.get("/login").ok().says("You are signed out everywhere");
        telephone.get("/wallet").leads_to("/login?next=%2Fwallet");
    }

    fn an_account_is_erased_and_its_money_is_on_a_card(world: &World) {
        let (mut browser, login) = buyer_with(world, "25.00");
        let page = browser.get("/wallet/account/erase").ok();
        page.says("$25.00 in your vault is put on a card").says("This cannot be undone");
        refused(browser.submit(&page, &[SECRETS[0], ("password", "wrong password")]), 401, "Those details are not right");
        browser.submit(&page, &[("csrf", "")]).problem(403, "form-expired");
        assert_eq!(balance(world, &login), "25.00");
        let page = browser.get("/wallet/account/erase").ok();
        let erased = browser.submit(&page, &SECRETS).ok();
        erased.says("Your account is erased").says("$25.00 is on a card");
        let code = between(&erased, "id=\"compensation\">", "<").to_owned();
        // Whoever loads the page again learns it again; nobody else does.
        browser.submit(&page, &SECRETS).ok().says(&code);
        let mut stranger = Browser::new(world);
        let foreign = stranger.get("/login").ok().form(0).fields.into_iter().find(|(name, _)| name == "csrf").unwrap().1;
        let stolen = stranger.submit(&page, &[SECRETS[0], SECRETS[1], ("csrf", &foreign), ("who", "AAAA")]);
        stolen.leads_to("/login");
        let copied = stranger.submit(&page, &[("pin", "000000"), ("password", "x"), ("csrf", &foreign)]);
        copied.leads_to("/login");
        world.sign_in(&login).problem(401, "wrong-credentials");
        browser.get("/wallet").leads_to("/login?next=%2Fwallet");
        let (mut other, other_login) = Browser::of_buyer(world);
        let page = other.get("/wallet/load").ok();
        other.submit(&page, &[("code", &code)]).leads_to("/wallet");
        assert_eq!(balance(world, &other_login), "25.00");
        world.check();
    }
}
