//! Sending value, and the log of everything.

use std::io::{BufRead, BufReader};

use super::{between, refused};
use crate::{
    browser::Browser,
    on_both_databases,
    pay::{balance, buyer_with, load, vault},
    support::{World, new_key, text},
};

on_both_databases! {
    fn value_is_sent_to_a_handle_once(world: &World) {
        let (mut browser, login) = buyer_with(world, "100.00");
        let (mut other, other_login) = Browser::of_buyer(world);
        let handle = text(&vault(world, &other_login), "/handle");
        let own = other.get("/wallet/transfer").ok();
        own.says(&handle).says("<svg class=\"qr\"");
        let page = browser.get(&format!("/wallet/transfer?to={handle}")).ok();
        assert!(page.form(0).fields.contains(&("to".to_owned(), handle.clone())), "{}", page.body);
        browser.submit(&page, &[("amount", "12,34")]).leads_to("/wallet");
        browser.get("/wallet").ok().says("$12.34 was sent").says(&handle).says("−$12.34");
        browser.submit(&page, &[("amount", "12,34")]).leads_to("/wallet");
        assert_eq!((balance(world, &login), balance(world, &other_login)), ("87.66".into(), "12.34".into()));
        let again = browser.get("/wallet/transfer").ok();
        for (to, amount, status, said) in [
            ("nobody", "1", 404, "No other open vault has this handle"),
            (handle.as_str(), "1,000", 400, "Enter an amount above zero"),
            (handle.as_str(), "", 400, "Enter an amount above zero"),
            (handle.as_str(), "87.67", 402, "not enough money"),
        ] {
            let page = if status == 400 { again.clone() } else { browser.get("/wallet/transfer").ok() };
            refused(browser.submit(&page, &[("to", to), ("amount", amount)]), status, said);
        }
        assert_eq!(balance(world, &login), "87.66");
        browser.get("/wallet/log").ok().says("No open vault has this handle");
        world.check();
    }

    fn the_whole_log_is_shown_in_pages_and_as_a_table(world: &World) {
        let (mut browser, login) = Browser::of_buyer(world);
        let session = world.sign_in(&login).ok(200);
        let client = crate::support::Client::new(&world.base, Some(&text(&session, "/access_token")));
        for code in world.cards(205, "1.00", "USD") {
            let body = serde_json::json!({ "card": { "code": code } });
            client.post("/v1/vault/loads", Some(&new_key()), &body).ok(201);
        }
        let refused_card = serde_json::json!({ "card": { "code": "no code" } });
        client.post("/v1/vault/loads", Some(&new_key()), &refused_card).problem(422, "card-refused");
        let first = browser.get("/wallet/log").ok();
        first.says("This card is not accepted").says("+$1.00");
        let (mut page, mut rows) = (first, 0);
        loop {
            rows += page.body.matches("<tr>").count() - 1;
            if !page.body.contains("rel=\"next\"") {
                break;
            }
            let next = between(&page, "rel=\"next\" href=\"", "\"").to_owned();
            page = browser.get(&next).ok();
        }
        assert_eq!(rows, 206);
        browser.get("/wallet/log?after=%0a").problem(400, "malformed-request");
        let table = browser.get("/wallet/log.csv").ok();
        assert_eq!(table.header("content-type"), Some("text/csv; charset=utf-8"));
        assert!(table.header("content-disposition").unwrap().contains("transactions.csv"));
        let lines: Vec<&str> = table.body.lines().collect();
        assert_eq!(lines.len(), 207);
        assert_eq!(lines[0], "id,at,kind,outcome,amount,balance,currency,object");
        assert!(lines[1].contains(",load,card-refused,0.00,205.00,USD,"), "{}", lines[1]);
        assert!(lines[206].contains(",load,done,1.00,1.00,USD,load_"), "{}", lines[206]);
        let empty = Browser::of_buyer(world).0.get("/wallet/log.csv").ok();
        assert_eq!(empty.body.lines().count(), 1);
        Browser::new(world).get("/wallet/log.csv").leads_to("/login?next=%2Fwallet%2Flog.csv");
    }
}

#[test]
fn the_wallet_hears_of_what_happens_while_it_is_open() {
    let world = World::on_sqlite();
    let (mut browser, _) = Browser::of_buyer(&world);
    let page = browser.get("/wallet").ok();
    page.says("data-live=\"/wallet/live\"");
    let cookie = format!("purser={}", browser.cookies["purser"]);
    let open = |cookie: &str| {
        ureq::get(format!("{}/wallet/live", world.base))
            .config()
            .http_status_as_error(false)
            .build()
            .header("Accept", "text/event-stream")
            .header("Cookie", cookie)
            .call()
            .unwrap()
    };
    assert_eq!(open("purser=none").status().as_u16(), 401, "no form of a login is sent there");
    let stream = open(&cookie);
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let mut stream = BufReader::new(stream.into_body().into_reader());
    load(&world, &mut browser, "5.00");
    let mut heard = String::new();
    while !heard.contains("event: load") {
        assert!(stream.read_line(&mut heard).unwrap() > 0, "the stream goes on: {heard}");
    }
}
