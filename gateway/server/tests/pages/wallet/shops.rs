//! What shops see of a buyer.

use purser_core::{ids::AccountId, login::scope::Scopes};
use purser_store::facts::login_consent::login_consent_set;

use super::between;
use crate::{
    browser::Browser,
    on_both_databases,
    pay::{buyer_with, claims, location, parameters, shop_named, vault},
    support::{World, text},
};

on_both_databases! {
    fn every_shop_sees_a_name_of_its_own_and_a_login_is_taken_back(world: &World) {
        let (one, two) = (shop_named(world, "One"), shop_named(world, "Two"));
        let (mut browser, login) = buyer_with(world, "100.00");
        Browser::of_buyer(world).0.get("/wallet/shops").ok().says("No shop knows anything of you");
        let till = browser.get(&one.link_back("10.00", "USD")).ok();
        let back = location(&browser.submit(&till, &[]));
        let sub = text(&claims(&parameters(&back)["receipt"]), "/sub");
        let account: AccountId = text(&vault(world, &login), "/id").parse().unwrap();
        let (merchant, at) = (two.id.parse().unwrap(), world.gateway.now());
        let scopes: Scopes = "openid profile email".parse().unwrap();
        let agreed = world.gateway.store.write(move |db| login_consent_set(db, account, merchant, scopes, at));
        actix_web::rt::System::new().block_on(agreed).unwrap();
        let page = browser.get("/wallet/shops").ok();
        page.says("One").says("Two").says(&sub).says("You bought something there").says("E-mail that nobody reads");
        assert!(!page.body.contains("acct_") && !page.body.contains(login["email"].as_str().unwrap()), "{}", page.body);
        let other = between(&page, ">Two<", "</code>").rsplit('>').next().unwrap();
        assert_ne!(other, sub, "two shops cannot compare");
        assert_eq!(page.body.matches("<form").count(), 1, "only a login is taken back");
        browser.submit(&page, &[]).leads_to("/wallet/shops");
        browser.submit(&page, &[]).leads_to("/wallet/shops");
        let after = browser.get("/wallet/shops").ok();
        after.says("The login was taken back").says("One");
        assert!(!after.body.contains(">Two<"), "{}", after.body);
        browser.post("/wallet/shops", &[("shop", &one.id)]).problem(403, "form-expired");
    }
}
