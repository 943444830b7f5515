//! Tax on its way to the authority, over HTTP and on both databases.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails loudly"
)]

mod support;

use purser_core::account::Account;
use purser_store::open_balance;
use serde_json::{Value, json};
use support::{Answer, Buyer, Client, Merchant, RATES, World, at_once, new_key, text};

/// A buyer with euros enough for a few things, whose cards brought real euros in.
fn buyer(world: &World) -> Buyer {
    let buyer = world.buyer();
    for code in world.cards(2, "400.00", "EUR") {
        buyer.load(&code).ok(201);
    }
    buyer
}

/// The items of a purchase of things at these prices in euros.
fn sell(shop: &Merchant, buyer: &Buyer, prices: &[&str]) -> Vec<String> {
    let offers: Vec<String> = prices.iter().map(|price| shop.offer(price, "EUR")).collect();
    let offers: Vec<&str> = offers.iter().map(String::as_str).collect();
    let purchase = buyer.buy(&offers).ok(201);
    let items = purchase["items"].as_array().unwrap();
    items.iter().map(|item| text(item, "/id")).collect()
}

/// Moves the clock to the morning of a day that has rates of its own, and signs the buyer in again.
fn later(world: &World, day: &str, buyer: &mut Buyer) {
    world.set_clock(&format!("{day}T00:00:00Z"));
    let rates = String::from_utf8(RATES.to_vec()).unwrap().replace("2024-06-28", day);
    world.operator.post_bytes("/v1/rates?feed=ecb-daily", rates.as_bytes()).ok(201);
    let session = world.sign_in(&buyer.login).ok(200);
    buyer.client = Client::new(&world.base, Some(&text(&session, "/access_token")));
}

fn wish(period: &str) -> Value {
    json!({ "authority": "DE", "period": period })
}

fn try_remit(world: &World, wish: &Value) -> Answer {
    world.operator.post("/v1/tax/remittances", Some(&new_key()), wish)
}

fn remit(world: &World, period: &str) -> Value {
    try_remit(world, &wish(period)).ok(201)
}

fn settle(world: &World, remittance: &Value, how: &str) -> Answer {
    let path = format!("/v1/tax/remittances/{}/{how}", text(remittance, "/id"));
    world.operator.post(&path, Some(&new_key()), &json!({}))
}

/// What an account of the ledger holds in euros.
fn holds(world: &World, account: &str) -> String {
    let account: Account = account.parse().unwrap();
    let held = world.gateway.store.read_now(|db| open_balance(db, &account)).unwrap();
    held.first().map_or("0.00".to_owned(), |held| held.amount())
}

fn tax_account(shop: &Merchant) -> String {
    format!("tax:{}:DE:EUR", shop.id)
}

/// Base, tax, carried and payable.
#[track_caller]
fn is(remittance: &Value, expected: [&str; 4]) {
    let parts = ["/base/amount", "/tax/amount", "/carried/amount", "/payable/amount"];
    assert_eq!(parts.map(|part| text(remittance, part)), expected, "{remittance:#}");
}

#[track_caller]
fn corrections(remittance: &Value, expected: &[(&str, &str)]) {
    let rows = remittance["corrections"].as_array().unwrap();
    let rows: Vec<_> =
        rows.iter().map(|row| (text(row, "/corrects"), text(row, "/tax/amount"))).collect();
    let rows: Vec<_> = rows.iter().map(|(of, tax)| (of.as_str(), tax.as_str())).collect();
    assert_eq!(rows, expected, "{remittance:#}");
}

on_both_databases! {
    fn a_months_tax_is_set_apart_filed_and_paid(world: &World) {
        let (shop, buyer) = (world.merchant("DE"), buyer(world));
        sell(&shop, &buyer, &["10.00", "10.00"]);
        let key = new_key();
        let made = world.operator.post("/v1/tax/remittances", Some(&key), &wish("2024-06")).ok(201);
        is(&made, ["20.00", "3.80", "0.00", "3.80"]);
        assert_eq!(made["status"], "prepared");
        assert_eq!((text(&made, "/authority"), text(&made, "/taxpayer"), text(&made, "/currency")), ("DE".into(), shop.id.clone(), "EUR".into()));
        assert_eq!(made["corrections"], json!([]));
        assert_eq!(text(&made, "/lines/0/rate"), "19");
        assert_eq!(holds(world, &tax_account(&shop)), "0.00");
        assert_eq!(holds(world, "clearing:remittance:EUR"), "3.80");
        let before = holds(world, "float:EUR");
        let confirmed = settle(world, &made, "confirm").ok(200);
        assert_eq!(confirmed["status"], "confirmed");
        assert_eq!(settle(world, &made, "confirm").ok(200), confirmed, "told once more, nothing changes");
        settle(world, &made, "fail").problem(409, "already-settled");
        assert_eq!(holds(world, "clearing:remittance:EUR"), "0.00");
        let paid = |text: &str| text.replace('.', "").parse::<i64>().unwrap();
        assert_eq!(paid(&before) - paid(&holds(world, "float:EUR")), 380);
        let again = world.operator.post("/v1/tax/remittances", Some(&key), &wish("2024-06")).ok(201);
        assert_eq!(again, made, "the same key, the same answer, whatever became of it since");
        world.operator.post("/v1/tax/remittances", Some(&key), &wish("2024-07")).problem(422, "idempotency-key-reused");
        try_remit(world, &wish("2024-06")).problem(409, "nothing-to-remit");
        let one = world.operator.get(&format!("/v1/tax/remittances/{}", text(&made, "/id"))).ok(200);
        assert_eq!((&one["status"], &one["sent"]), (&json!("confirmed"), &json!([])));
        let list = world.operator.get("/v1/tax/remittances").ok(200);
        assert_eq!(list["data"].as_array().unwrap().len(), 1);
        world.check();
    }

    fn what_goes_back_after_it_was_paid_is_a_correction_of_the_next_return(world: &World) {
        let (shop, mut buyer) = (world.merchant("DE"), buyer(world));
        let items = sell(&shop, &buyer, &["10.00", "10.00"]);
        settle(world, &remit(world, "2024-06"), "confirm").ok(200);
        later(world, "2024-07-02", &mut buyer);
        buyer.refund(&items[0]).ok(201);
        assert_eq!(holds(world, &tax_account(&shop)), "-1.90");
        sell(&shop, &buyer, &["30.00"]);
        let july = remit(world, "2024-07");
        is(&july, ["20.00", "3.80", "0.00", "3.80"]);
        corrections(&july, &[("2024-06", "-1.90")]);
        assert_eq!(text(&july, "/lines/0/tax/amount"), "5.70");
        assert_eq!(holds(world, &tax_account(&shop)), "0.00");
        world.check();
    }

    fn more_back_than_sold_is_carried_to_the_next_return(world: &World) {
        let (shop, mut buyer) = (world.merchant("DE"), buyer(world));
        let items = sell(&shop, &buyer, &["10.00", "10.00"]);
        settle(world, &remit(world, "2024-06"), "confirm").ok(200);
        later(world, "2024-07-02", &mut buyer);
        buyer.refund(&items[0]).ok(201);
        let july = remit(world, "2024-07");
        is(&july, ["-10.00", "-1.90", "0.00", "0.00"]);
        settle(world, &july, "confirm").ok(200);
        later(world, "2024-08-01", &mut buyer);
        sell(&shop, &buyer, &["20.00"]);
        let august = remit(world, "2024-08");
        is(&august, ["20.00", "3.80", "-1.90", "1.90"]);
        corrections(&august, &[]);
        assert_eq!(holds(world, &tax_account(&shop)), "0.00");
        // What failed is owed again, and what July left is still taken off.
        settle(world, &august, "fail").ok(200);
        assert_eq!(holds(world, &tax_account(&shop)), "1.90");
        is(&remit(world, "2024-08"), ["20.00", "3.80", "-1.90", "1.90"]);
        world.check();
    }

    fn what_a_failed_return_left_is_owed_after_all(world: &World) {
        let (shop, mut buyer) = (world.merchant("DE"), buyer(world));
        let items = sell(&shop, &buyer, &["10.00", "10.00"]);
        settle(world, &remit(world, "2024-06"), "confirm").ok(200);
        later(world, "2024-07-02", &mut buyer);
        buyer.refund(&items[0]).ok(201);
        let july = remit(world, "2024-07");
        later(world, "2024-08-01", &mut buyer);
        sell(&shop, &buyer, &["20.00"]);
        is(&remit(world, "2024-08"), ["20.00", "3.80", "-1.90", "1.90"]);
        // August was paid less what July gave back; with July's return gone, that is owed until it is filed again.
        settle(world, &july, "fail").ok(200);
        is(&remit(world, "2024-07"), ["-10.00", "-1.90", "1.90", "0.00"]);
        assert_eq!(holds(world, &tax_account(&shop)), "0.00");
        world.check();
    }

    fn what_was_sold_in_a_period_is_owed_for_it_whatever_goes_back_later(world: &World) {
        let (shop, mut buyer) = (world.merchant("DE"), buyer(world));
        let items = sell(&shop, &buyer, &["10.00", "10.00"]);
        later(world, "2024-07-02", &mut buyer);
        buyer.refund(&items[0]).ok(201);
        let june = remit(world, "2024-06");
        is(&june, ["20.00", "3.80", "0.00", "3.80"]);
        assert_eq!(holds(world, &tax_account(&shop)), "-1.90", "July's own return takes it back");
        let july = remit(world, "2024-07");
        is(&july, ["-10.00", "-1.90", "0.00", "0.00"]);
        corrections(&july, &[("2024-06", "-1.90")]);
        world.check();
    }

    fn what_was_sold_and_went_back_in_one_period_is_in_no_row(world: &World) {
        let (shop, mut buyer) = (world.merchant("DE"), buyer(world));
        let items = sell(&shop, &buyer, &["10.00", "10.00"]);
        buyer.refund(&items[0]).ok(201);
        let june = remit(world, "2024-06");
        is(&june, ["10.00", "1.90", "0.00", "1.90"]);
        corrections(&june, &[]);
        // Only a sandbox remits a month that is not over; what comes behind it is told later.
        buyer.refund(&items[1]).ok(201);
        later(world, "2024-07-01", &mut buyer);
        sell(&shop, &buyer, &["20.00"]);
        let july = remit(world, "2024-07");
        is(&july, ["10.00", "1.90", "0.00", "1.90"]);
        corrections(&july, &[("2024-06", "-1.90")]);
        try_remit(world, &wish("2024-06")).problem(409, "nothing-to-remit");
        world.check();
    }

    fn a_month_within_a_quarter_is_paid_once(world: &World) {
        let (shop, buyer) = (world.merchant("DE"), buyer(world));
        sell(&shop, &buyer, &["10.00"]);
        let june = remit(world, "2024-06");
        try_remit(world, &wish("2024-Q2")).problem(409, "nothing-to-remit");
        sell(&shop, &buyer, &["20.00"]);
        is(&remit(world, "2024-Q2"), ["20.00", "3.80", "0.00", "3.80"]);
        try_remit(world, &wish("2024-06")).problem(409, "nothing-to-remit");
        // What failed is owed again, and nothing else.
        settle(world, &june, "fail").ok(200);
        is(&remit(world, "2024-06"), ["10.00", "1.90", "0.00", "1.90"]);
        assert_eq!(holds(world, "clearing:remittance:EUR"), "5.70");
        world.check();
    }

    fn of_many_at_once_one_pays(world: &World) {
        let (shop, buyer) = (world.merchant("DE"), buyer(world));
        sell(&shop, &buyer, &["10.00"]);
        let operator = world.operator.clone();
        let prepare = move |_| operator.post("/v1/tax/remittances", Some(&new_key()), &wish("2024-06"));
        let answers = at_once(6, prepare);
        let made: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
        assert_eq!(made.len(), 1, "{answers:#?}");
        for refused in answers.iter().filter(|answer| answer.status != 201) {
            refused.problem(409, "nothing-to-remit");
        }
        let path = format!("/v1/tax/remittances/{}", text(&made[0].body, "/id"));
        let operator = world.operator.clone();
        let end = move |n: usize| {
            let how = if n.is_multiple_of(2) { "confirm" } else { "fail" };
            operator.post(&format!("{path}/{how}"), Some(&new_key()), &json!({}))
        };
        let statuses: Vec<u16> = at_once(6, end).iter().map(|answer| answer.status).collect();
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 3, "{statuses:?}");
        assert_eq!(holds(world, "clearing:remittance:EUR"), "0.00");
        world.check();
    }

    fn who_owes_and_in_which_currency_is_named_where_it_is_not_plain(world: &World) {
        let (one, other, buyer) = (world.merchant("DE"), world.merchant("FR"), buyer(world));
        sell(&one, &buyer, &["10.00"]);
        sell(&other, &buyer, &["20.00"]);
        buyer.buy(&[&other.offer("1.00", "USD")]).ok(201);
        let refused = try_remit(world, &wish("2024-06"));
        refused.problem(400, "malformed-request");
        assert_eq!(refused.body["field"], "taxpayer");
        let mut choices = [one.id.clone(), other.id.clone()];
        choices.sort();
        assert_eq!(refused.body["choices"], json!(choices));
        let mut wish = wish("2024-06");
        wish["taxpayer"] = other.id.clone().into();
        let refused = try_remit(world, &wish);
        refused.problem(400, "malformed-request");
        assert_eq!((&refused.body["field"], &refused.body["choices"]), (&json!("currency"), &json!(["EUR", "USD"])));
        wish["currency"] = "USD".into();
        is(&try_remit(world, &wish).ok(201), ["1.00", "0.19", "0.00", "0.19"]);
        wish["currency"] = "EUR".into();
        is(&try_remit(world, &wish).ok(201), ["20.00", "3.80", "0.00", "3.80"]);
        is(&remit(world, "2024-06"), ["10.00", "1.90", "0.00", "1.90"]);
        world.check();
    }

    fn the_operator_owes_where_it_is_the_seller_of_record(world: &World) {
        let buyer = buyer(world);
        let made = world.operator.post("/v1/merchants", None, &json!({
            "name": "Shop", "country": "DE",
            "tax": { "taxpayer": "operator", "registrations": [{ "authority": "DE", "scheme": "vat", "number": "DE136695976" }] },
        })).ok(201);
        let client = Client::new(&world.base, Some(&text(&made, "/secret_key")));
        let shop = Merchant { id: text(&made, "/id"), client, kid: String::new(), secret: String::new() };
        sell(&shop, &buyer, &["10.00"]);
        let made = remit(world, "2024-Q2");
        assert_eq!(made["taxpayer"], "operator");
        let path = format!("/v1/tax/remittances/{}", text(&made, "/id"));
        let file = world.operator.get(&format!("{path}/return")).ok(200);
        assert!(file.as_str().unwrap().contains("DE136695976"), "{file}");
        // It is not the merchant's to see.
        shop.client.get(&path).problem(404, "not-found");
        assert_eq!(shop.client.get("/v1/tax/remittances").ok(200)["data"], json!([]));
        world.check();
    }

    fn a_return_is_downloaded_by_the_operator_and_by_whoever_owes(world: &World) {
        let (shop, buyer) = (world.merchant("DE"), buyer(world));
        sell(&shop, &buyer, &["10.00"]);
        let made = remit(world, "2024-06");
        let url = text(&made, "/return/url");
        let path = url.strip_prefix(&world.base).unwrap().to_owned();
        let file = world.operator.get(&path).ok(200);
        let bytes = match &file {
            Value::String(text) => text.clone().into_bytes(),
            other => panic!("{other}"),
        };
        let hash = purser_core::record::FilingRecord::hash(&bytes);
        assert_eq!(text(&made, "/return/sha256"), data_encoding::HEXLOWER.encode(&hash));
        assert_eq!(shop.client.get(&path).ok(200), file);
        world.merchant("DE").client.get(&path).problem(404, "not-found");
        world.anyone().get(&path).problem(401, "not-authenticated");
        let weak = shop.client.post("/v1/api-keys", None, &json!({ "scopes": ["offers"] })).ok(201);
        Client::new(&world.base, Some(&text(&weak, "/key"))).get(&path).problem(403, "scope-missing");
        let head = support::raw(&world.base, format!(
            "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\r\n",
            std::fs::read_to_string(world.gateway.settings.data.join("operator.key")).unwrap().trim(),
        ).as_bytes());
        let head = head.to_ascii_lowercase();
        for header in ["content-disposition: attachment; filename=\"", "x-content-type-options: nosniff", "content-security-policy: default-src 'none'; sandbox"] {
            assert!(head.contains(header), "{header}\n{head}");
        }
    }

    fn what_cannot_be_remitted_is_refused(world: &World) {
        let (shop, buyer) = (world.merchant("DE"), buyer(world));
        sell(&shop, &buyer, &["10.00"]);
        let refused = |change: &dyn Fn(&mut Value), field: &str| {
            let mut wish = wish("2024-06");
            change(&mut wish);
            let answer = try_remit(world, &wish);
            assert_eq!((answer.status, &answer.body["field"]), (400, &json!(field)), "{:#}", answer.body);
        };
        refused(&|wish| wish["authority"] = "de".into(), "authority");
        refused(&|wish| wish["period"] = "2024-6".into(), "period");
        refused(&|wish| wish["period"] = "2024-Q5".into(), "period");
        refused(&|wish| wish["taxpayer"] = "somebody".into(), "taxpayer");
        refused(&|wish| wish["taxpayer"] = "merch_00000000000000000000000007".into(), "taxpayer");
        refused(&|wish| wish["currency"] = "XXX".into(), "currency");
        refused(&|wish| wish["colour"] = "red".into(), "colour");
        let mut other = wish("2024-06");
        other["taxpayer"] = "operator".into();
        try_remit(world, &other).problem(409, "nothing-to-remit");
        try_remit(world, &wish("2024-05")).problem(409, "nothing-to-remit");
        world.operator.post("/v1/tax/remittances", None, &wish("2024-06")).problem(400, "idempotency-key-missing");
        shop.client.post("/v1/tax/remittances", Some(&new_key()), &wish("2024-06")).problem(401, "not-authenticated");
        for id in ["rem_00000000000000000000000007", "nonsense"] {
            for how in ["confirm", "fail"] {
                let path = format!("/v1/tax/remittances/{id}/{how}");
                world.operator.post(&path, Some(&new_key()), &json!({})).problem(404, "not-found");
                world.operator.post(&path, None, &json!({})).problem(400, "idempotency-key-missing");
            }
            world.operator.get(&format!("/v1/tax/remittances/{id}")).problem(404, "not-found");
            world.operator.get(&format!("/v1/tax/remittances/{id}/return")).problem(404, "not-found");
        }
        world.operator.get("/v1/tax/liabilities").problem(400, "malformed-request");
        world.operator.get("/v1/tax/liabilities?period=soon").problem(400, "malformed-request");
    }

    fn only_real_money_is_paid(world: &World) {
        let (shop, buyer) = (world.merchant("DE"), world.buyer_with("100.00"));
        sell(&shop, &buyer, &["10.00"]);
        let made = remit(world, "2024-06");
        let refused = settle(world, &made, "confirm");
        refused.problem(402, "insufficient-funds");
        assert!(text(&refused.body, "/detail").contains("/v1/treasury/trades"), "{:#}", refused.body);
        let trade = json!({ "sold": { "amount": "10.00", "currency": "USD" }, "bought": { "amount": "9.00", "currency": "EUR" } });
        world.operator.post("/v1/treasury/trades", Some(&new_key()), &trade).ok(201);
        settle(world, &made, "confirm").ok(200);
        world.check();
    }

    fn liabilities_are_what_is_not_told_yet(world: &World) {
        let (shop, buyer) = (world.merchant("DE"), buyer(world));
        let look = || world.operator.get("/v1/tax/liabilities?period=2024-06").ok(200);
        assert_eq!(look()["data"], json!([]));
        sell(&shop, &buyer, &["10.00", "10.00"]);
        let owed = look();
        is(&owed["data"][0], ["20.00", "3.80", "0.00", "3.80"]);
        assert_eq!(text(&owed, "/data/0/balance/amount"), "3.80");
        remit(world, "2024-06");
        assert_eq!(look()["data"], json!([]));
        shop.client.get("/v1/tax/liabilities?period=2024-06").problem(401, "not-authenticated");
    }
}

#[test]
fn only_a_sandbox_remits_a_period_that_is_not_over() {
    let world = World::with(|settings| {
        settings.sandbox = false;
        settings.clock = None;
    });
    let month = world.gateway.clock.today().strftime("%Y-%m").to_string();
    let refused = try_remit(&world, &wish(&month));
    refused.problem(409, "period-not-over");
    try_remit(&world, &wish("2024-06")).problem(409, "nothing-to-remit");
}
