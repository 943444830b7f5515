//! Stamps: asked for, bought, printed and given back.

use serde_json::json;

use purser_hostile_stamps::{Alone, Crime, Deed, Stage};

use super::{refunds::policy, refused};
use crate::{
    browser::Browser,
    on_both_databases,
    pay::{balance, buyer_with, location},
    support::{World, text},
};

fn vendor(world: &World, name: &str, void_hold_days: u32) -> String {
    let post = json!({ "name": name, "country": "DE", "stamps_plugin": "stamps-open", "void_hold_days": void_hold_days });
    text(&world.operator.post("/v1/merchants", None, &post).ok(201), "/id")
}

fn letter(vendor: &str) -> String {
    format!("/wallet/stamps/new?vendor={vendor}&origin=de+10115&destination=DE-80331&weight_g=20")
}

fn bought(browser: &mut Browser, vendor: &str) -> String {
    let page = browser.get(&letter(vendor)).ok();
    location(&browser.submit(&page, &[]))
}

on_both_databases! {
    fn a_stamp_is_asked_for_bought_printed_and_given_back(world: &World) {
        let (mut browser, login) = buyer_with(world, "10.00");
        browser.get("/wallet/stamps/new").ok().says("Nobody sells stamps here");
        let post = vendor(world, "<b>Post</b>", 0);
        browser.get("/wallet/stamps/new").ok().says("&#60;b&#62;Post").says(&post);
        let page = browser.get(&letter(&post)).ok();
        page.says("Letter").says("$0.78").says("Up to 30 g, good for 365 days");
        assert_eq!(balance(world, &login), "10.00", "a quote moves nothing");
        let stamp = location(&browser.submit(&page, &[]));
        assert_eq!(location(&browser.submit(&page, &[])), stamp, "pressed twice it is one stamp");
        assert_eq!(balance(world, &login), "9.22");
        let shown = browser.get(&stamp).ok();
        shown.says("The stamp is yours").says("Unused").says(&format!("src=\"{stamp}.svg\""));
        let svg = browser.get(&format!("{stamp}.svg")).ok();
        assert_eq!(svg.header("content-type"), Some("image/svg+xml"));
        assert!(svg.body.contains("<svg"), "{}", svg.body);
        let (mut other, _) = Browser::of_buyer(world);
        for path in [stamp.clone(), format!("{stamp}.svg"), format!("{stamp}.pdf")] {
            other.get(&path).problem(404, "not-found");
        }
        browser.submit(&shown, &[]).leads_to(&stamp);
        browser.get(&stamp).ok().says("$0.78 is back in your vault").says("Given back");
        browser.submit(&shown, &[]).leads_to(&stamp);
        assert_eq!(balance(world, &login), "10.00");
        browser.get(&format!("{stamp}.svg")).problem(409, "already-refunded");
        world.check();
    }

    fn stamps_are_printed_on_sheets(world: &World) {
        let (mut browser, _) = buyer_with(world, "10.00");
        let post = vendor(world, "Post", 3);
        let (one, two) = (bought(&mut browser, &post), bought(&mut browser, &post));
        let id = |path: &str| path.rsplit('/').next().unwrap().to_owned();
        let list = browser.get("/wallet/stamps").ok();
        list.says(&one).says(&two).says("action=\"/wallet/stamps/sheet.pdf\"");
        let pdf = |browser: &Browser, path: &str| {
            let cookie = format!("purser={}", browser.cookies["purser"]);
            let answer = ureq::get(format!("{}{path}", world.base)).header("Cookie", cookie).call();
            let mut answer = answer.unwrap();
            assert_eq!(answer.headers()["content-type"], "application/pdf");
            answer.body_mut().read_to_vec().unwrap()
        };
        let sheet = format!("/wallet/stamps/sheet.pdf?ids={}&ids={}&paper=letter", id(&one), id(&two));
        assert!(pdf(&browser, &sheet).starts_with(b"%PDF-1."));
        assert!(pdf(&browser, &format!("{one}.pdf")).starts_with(b"%PDF-1."));
        Browser::of_buyer(world).0.get(&sheet).problem(404, "not-found");
        browser.get("/wallet/stamps/sheet.pdf?paper=a4").problem(400, "malformed-request");
        browser.get(&format!("/wallet/stamps/sheet.pdf?ids={}&paper=a3", id(&one))).problem(400, "malformed-request");
        // A post that waits for late scans gives the money back later.
        let page = browser.get(&one).ok();
        browser.submit(&page, &[]).leads_to(&one);
        browser.get(&one).ok().says("The money comes when the post has waited").says("money to come").says("2024-07-01");
        world.check();
    }

    fn a_stamp_whose_return_closes_the_vault_needs_the_buyers_word(world: &World) {
        let (mut browser, login) = buyer_with(world, "10.00");
        let post = vendor(world, "Post", 0);
        let (one, two) = (bought(&mut browser, &post), bought(&mut browser, &post));
        policy(world, 10, "0.50");
        let page = browser.get(&one).ok();
        page.says("Only $0.50 can still come back").says("Close my vault and give it back");
        let unticked = browser.submit(&page, &[]);
        refused(unticked, 400, "Your vault would close by it");
        assert_eq!(balance(world, &login), "8.44");
        browser.submit(&page, &[("agreed", "yes")]).leads_to("/wallet");
        let wallet = browser.get("/wallet").ok();
        wallet.says("$0.78 came back").says("This vault is closed").says("$9.22 is on a card");
        let other = browser.get(&two).ok();
        other.says("This vault is closed");
        assert!(!other.body.contains("<form method=\"post\" action=\"/wallet/stamps"), "{}", other.body);
        world.check();
    }

    fn a_stamp_that_was_paid_and_not_made_says_what_became_of_the_money(world: &World) {
        let (mut browser, login) = buyer_with(world, "10.00");
        let component = purser_hostile_stamps::component_alone(Alone::Truthful);
        let plugin = world.operator.post_bytes("/v1/plugins", &component).ok(201);
        let (id, name) = (text(&plugin, "/id"), text(&plugin, "/name"));
        let granted = json!({ "grants": { "hosts": ["post.localhost"] } });
        world.operator.post(&format!("/v1/plugins/{id}/enable"), None, &granted).ok(200);
        let post = json!({ "name": "Post", "country": "DE", "stamps_plugin": name });
        let post = text(&world.operator.post("/v1/merchants", None, &post).ok(201), "/id");
        let page = browser.get(&letter(&post)).ok();
        let panics = Deed::Crime(Crime::Panic, Stage::Draft).service();
        let stamp = location(&browser.submit(&page, &[("chosen", &format!("{panics} 0.78"))]));
        assert!(stamp.starts_with("/wallet/stamps/stamp_"), "{stamp}");
        let shown = browser.get(&stamp).ok();
        shown.says("Its price is back in your vault").says("Not made, money is back");
        browser.get("/wallet/stamps").ok().says("Not made, money is back");
        assert_eq!(balance(world, &login), "10.00");
        world.check();
    }

    fn what_no_post_carries_is_refused_on_the_same_page(world: &World) {
        let (mut browser, login) = buyer_with(world, "0.50");
        let post = vendor(world, "Post", 0);
        let ask = |browser: &mut Browser, change: (&str, &str)| browser.get(&letter(&post).replace(change.0, change.1));
        refused(ask(&mut browser, ("weight_g=20", "weight_g=heavy")), 400, "Enter the weight in whole grams");
        refused(ask(&mut browser, ("origin=de+10115", "origin=Berlin")), 400, "Enter a country");
        refused(ask(&mut browser, (&post, "merch_x")), 404, "Choose a post");
        let page = browser.get(&letter(&post)).ok();
        let short = browser.submit(&page, &[]);
        refused(short, 402, "not enough money");
        let page = browser.get(&letter(&post)).ok();
        let dearer = browser.submit(&page, &[("chosen", "letter 0.10")]);
        refused(dearer, 409, "The price is now higher");
        refused(browser.submit(&page, &[("chosen", "")]), 400, "Choose one of the services");
        assert_eq!(balance(world, &login), "0.50");
        world.check();
    }
}
