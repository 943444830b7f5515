//! Taking items back with one click, and what the refund account has left.

use serde_json::json;

use super::between;
use crate::{
    browser::Browser,
    on_both_databases,
    pay::{balance, buyer_with, location, shop_named, vault},
    support::{World, text},
};

/// Buys something for so many dollars, and gives the address of the purchase.
fn bought(world: &World, browser: &mut Browser, dollars: &str) -> String {
    let shop = shop_named(world, "Lantern Books");
    let till = browser.get(&shop.link(dollars, "USD")).ok();
    location(&browser.submit(&till, &[]))
}

pub(super) fn policy(world: &World, max_count: u32, max_total: &str) {
    let policy = json!({
        "max_count": max_count, "max_total": { "amount": max_total, "currency": "USD" },
        "window_days": 14, "period_days": 90,
    });
    world.operator.put("/v1/policies/refunds", &policy).ok(200);
}

on_both_databases! {
    fn an_item_goes_back_with_one_click_and_once(world: &World) {
        let (mut browser, login) = buyer_with(world, "100.00");
        let path = bought(world, &mut browser, "10.00");
        let page = browser.get(&path).ok();
        page.says("Give it back for $11.90").says("$500.00 can still come back, in 10 refunds");
        browser.submit(&page, &[]).leads_to(&path);
        let page_after = browser.get(&path).ok();
        page_after.says("$11.90 is back in your vault").says("Given back");
        assert!(!page_after.body.contains("<form"), "nothing more to give back");
        // Pressed twice it is one refund; a form of its own is refused with the reason.
        browser.submit(&page, &[]).leads_to(&path);
        assert_eq!(balance(world, &login), "100.00");
        let wallet = browser.get("/wallet").ok();
        wallet.says("$488.10").says("1 of 10").says("2024-09-26");
        world.check();
    }

    fn a_refund_is_refused_with_the_reason_and_the_cure(world: &World) {
        let (mut browser, login) = buyer_with(world, "100.00");
        let (one, two) = (bought(world, &mut browser, "10.00"), bought(world, &mut browser, "10.00"));
        let (first, stale) = (browser.get(&one).ok(), browser.get(&one).ok());
        browser.submit(&first, &[]).leads_to(&one);
        let again = browser.submit(&stale, &[]);
        assert_eq!(again.status, 409, "{}", again.body);
        again.says("This item was refunded before");
        let page = browser.get(&two).ok();
        policy(world, 1, "500.00");
        let limited = browser.submit(&page, &[]);
        assert_eq!(limited.status, 409, "{}", limited.body);
        limited.says("No more refunds for now").says("role=\"alert\"");
        let exhausted = browser.get(&two).ok();
        exhausted.says("No more refunds for now").says("Ask the shop");
        assert!(!exhausted.body.contains("<form"), "{}", exhausted.body);
        world.advance(15 * 86_400);
        browser.cookies.clear();
        browser.sign_in(&login);
        let late = browser.get(&two).ok();
        late.says("The time to give it back is over");
        assert!(!late.body.contains("<form"), "{}", late.body);
        let (mut other, _) = Browser::of_buyer(world);
        other.get(&two).problem(404, "not-found");
        assert_eq!(balance(world, &login), "88.10");
        world.check();
    }

    fn a_refund_beyond_the_threshold_is_agreed_to_and_closes_the_vault(world: &World) {
        let (mut browser, login) = buyer_with(world, "100.00");
        policy(world, 10, "5.00");
        let path = bought(world, &mut browser, "10.00");
        let page = browser.get(&path).ok();
        page.says("Only $5.00 can still come back").says("Close my vault and give it back");
        let unticked = browser.submit(&page, &[]);
        assert_eq!(unticked.status, 400, "{}", unticked.body);
        unticked.says("Your vault would close by it");
        assert_eq!(balance(world, &login), "88.10");
        browser.submit(&page, &[("agreed", "yes")]).leads_to("/wallet");
        let wallet = browser.get("/wallet").ok();
        wallet.says("That was more than the limit").says("This vault is closed").says("$100.00 is on a card");
        let code = between(&wallet, "id=\"compensation\">", "<").to_owned();
        assert_eq!(code, text(&vault(world, &login), "/compensation/code"));
        for path in ["/wallet/load", "/wallet/transfer"] {
            let page = browser.get(path).ok();
            let fields = [("code", "1"), ("to", "x"), ("amount", "1")];
            let fields = if path == "/wallet/load" { &fields[..1] } else { &fields[1..] };
            let closed = browser.submit(&page, fields);
            assert!((400..500).contains(&closed.status), "{path}: {}", closed.status);
        }
        let (mut other, other_login) = Browser::of_buyer(world);
        let page = other.get("/wallet/load").ok();
        other.submit(&page, &[("code", &code)]).leads_to("/wallet");
        assert_eq!(balance(world, &other_login), "100.00");
        browser.get("/wallet").ok().says("Nothing of it is left to collect");
        world.check();
    }
}

#[test]
fn a_refund_that_the_buyer_did_not_send_is_refused() {
    let world = World::on_sqlite();
    let (mut browser, login) = buyer_with(&world, "100.00");
    let path = bought(&world, &mut browser, "10.00");
    let page = browser.get(&path).ok();
    let item = page.form(0).fields.into_iter().find(|(name, _)| name == "item").unwrap().1;
    browser.post(&path, &[("item", &item)]).problem(403, "form-expired");
    let foreign = browser.sending("Sec-Fetch-Site", "cross-site").submit(&page, &[]);
    foreign.problem(403, "form-expired");
    let csrf = page.form(0).fields.into_iter().find(|(name, _)| name == "csrf").unwrap().1;
    browser.post(&path, &[("item", &item), ("csrf", &csrf)]).says("Open the page again");
    // Somebody else's item is not theirs, whatever page it is sent from.
    let (mut other, _) = buyer_with(&world, "100.00");
    let own = bought(&world, &mut other, "1.00");
    let form = other.get(&own).ok();
    let stolen = other.submit(&form, &[("item", &item)]);
    assert_eq!(stolen.status, 422, "{}", stolen.body);
    stolen.says("You did not buy this item");
    assert_eq!(balance(&world, &login), "88.10");
    world.check();
}
