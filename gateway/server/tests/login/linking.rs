//! Two shops put together all that the gateway ever tells them, and look for a buyer that both have.

use std::{
    collections::BTreeSet,
    thread,
    time::{Duration, Instant},
};

use jiff::SignedDuration;
use purser_core::ids::ItemId;
use support::Buyer;

use super::{
    endpoint::Endpoint,
    privacy::{all_told, told},
    *,
};

/// Shorter texts name no buyer: currencies, countries, rates.
const CHARS_MIN: usize = 8;

/// A shop, and where it is told of what happens.
struct Ears {
    shop: Shop,
    endpoint: Endpoint,
    price: &'static str,
}

impl Ears {
    fn new(world: &World, price: &'static str) -> Self {
        let (shop, endpoint) = (Shop::new(world), Endpoint::new());
        let wish = json!({ "url": endpoint.url, "events": ["*"] });
        shop.merchant.client.post("/v1/webhooks", None, &wish).ok(201);
        Self { shop, endpoint, price }
    }

    fn offer(&self) -> String {
        self.shop.merchant.offer_of(&json!({
            "item": { "id": format!("thing for {}", self.price), "title": format!("A thing for {}", self.price) },
            "price": { "amount": self.price, "currency": "USD" },
        }))
    }

    /// All that it is told of a buyer, who bought and gave back; besides what it said itself.
    fn heard(&self, buyer: &Buyer, receipts: &[Value], events: usize) -> BTreeSet<String> {
        let merchant = &self.shop.merchant;
        let mut all = all_told(&self.shop, &buyer.login);
        for _ in 0..events {
            let got = self.endpoint.got();
            told(&got.json(), &mut all);
            // When it was sent, by the machine's clock.
            let headers = got.headers.into_iter().filter(|(name, _)| name != "webhook-timestamp");
            all.extend(headers.map(|(_, value)| value));
        }
        let own = receipts.iter().filter(|receipt| receipt["merchant"] == merchant.id.as_str());
        own.for_each(|receipt| told(&receipt["receipt"], &mut all));
        for path in [
            "/v1/events?limit=100",
            "/v1/sales?limit=100",
            "/v1/statements/2024-06.json",
            "/v1/merchant",
        ] {
            told(&merchant.client.get(path).ok(200), &mut all);
        }
        let sales = merchant.client.get("/v1/sales").ok(200);
        for sale in sales["data"].as_array().unwrap() {
            told(
                &merchant.client.get(&format!("/v1/sales/{}", text(sale, "/item"))).ok(200),
                &mut all,
            );
        }
        let (_, statement) = merchant.client.get_file("/v1/statements/2024-06.csv");
        let statement = String::from_utf8(statement).unwrap();
        all.extend(statement.split([',', '"', '\r', '\n']).map(str::to_owned));
        // A name may stand within a text, as that of an e-mail address does.
        let parts = |text: &String| {
            text.split(|c: char| !c.is_alphanumeric() && c != '_').map(str::to_owned).collect()
        };
        let parts: Vec<Vec<String>> = all.iter().map(parts).collect();
        all.extend(parts.into_iter().flatten());
        all.retain(|text| text.chars().count() >= CHARS_MIN);
        all.extend(all.iter().filter_map(|id| time_of(id)).collect::<Vec<_>>());
        all
    }

    /// Of its two sales, once it is told of them, none looks like one of several: by the sandbox's clock and by the machine's,
    /// with which ids begin, both were as far apart, and each was told then.
    fn sees_no_difference(&self) {
        let client = &self.shop.merchant.client;
        let sales = || client.get("/v1/sales").ok(200)["data"].as_array().unwrap().clone();
        let started = Instant::now();
        while sales().len() < 2 {
            assert!(started.elapsed() < Duration::from_secs(30), "it is told");
            thread::sleep(Duration::from_millis(50));
        }
        let ahead_ms = |sale: &Value| {
            let at: jiff::Timestamp = text(sale, "/created_at").parse().unwrap();
            let told_ms = ms_of(&text(sale, "/item")).unwrap();
            assert_eq!(ms_of(&text(sale, "/sale")), Some(told_ms));
            assert!(told_ms <= now_ms());
            at.as_millisecond() - i64::try_from(told_ms).unwrap()
        };
        let ahead: Vec<i64> = sales().iter().map(ahead_ms).collect();
        // To the millisecond, which the clocks' distance may round up or down.
        assert!(ahead[0].abs_diff(ahead[1]) <= 1, "{ahead:?}");
        // What went back did so behind its sale, by all that is told of it.
        let mut looked = Vec::new();
        let refund = loop {
            let is_back = sales().iter().any(|sale| sale["refunded"] == true);
            let statement = client.get("/v1/statements/2024-06.json").ok(200).to_string();
            let owed = text(&client.get("/v1/merchant").ok(200), "/balances/0/amount");
            looked.push((now_ms(), is_back, statement.contains("\"refund\""), owed));
            let events = client.get("/v1/events").ok(200)["data"].as_array().unwrap().clone();
            if let Some(refund) = events.iter().find(|event| event["type"] == "refund.made") {
                break refund.clone();
            }
            assert!(started.elapsed() < Duration::from_secs(90), "it is told of the refund");
            thread::sleep(Duration::from_millis(200));
        };
        let item = text(&refund, "/data/item");
        let sold = sales().into_iter().find(|sale| sale["item"] == item.as_str()).unwrap();
        assert!(text(&refund, "/created_at") > text(&sold, "/created_at"), "{refund:#} {sold:#}");
        let told_ms = ms_of(&text(&refund, "/data/refund")).unwrap();
        assert_eq!(ms_of(&text(&refund, "/id")), Some(told_ms));
        assert!(Some(told_ms) > ms_of(&item), "{refund:#}");
        let at: jiff::Timestamp = text(&refund, "/created_at").parse().unwrap();
        let behind = at.as_millisecond() - i64::try_from(told_ms).unwrap();
        assert!(behind.abs_diff(ahead[0]) <= 2, "{behind} {ahead:?}");
        let before = looked.iter().filter(|(at_ms, ..)| *at_ms < told_ms);
        let owed = owed_for(2, self.price);
        for (at_ms, is_back, is_booked, owes) in before {
            assert_eq!((*is_back, *is_booked, owes), (false, false, &owed), "{at_ms} of {told_ms}");
        }
    }

    /// Neither lists nor sums nor events speak of a sale before its time, which its ids tell.
    fn hears_nothing_before(&self, told_ms: u64) {
        let client = &self.shop.merchant.client;
        let sales = client.get("/v1/sales").ok(200);
        let events = client.get("/v1/events").ok(200);
        let owed = client.get("/v1/merchant").ok(200);
        // What was asked in time was answered for that time.
        if now_ms() < told_ms {
            assert_eq!((&sales["data"], &events["data"]), (&json!([]), &json!([])));
            let owed = owed["balances"].as_array().unwrap();
            assert!(owed.iter().all(|balance| balance["amount"] == "0.00"), "{owed:?}");
        }
    }
}

/// What a shop is owed for so many things, less the fee.
fn owed_for(things: i64, price: &str) -> String {
    let cents: i64 = price.replace('.', "").parse().unwrap();
    let owed = things * (cents - cents / 100);
    format!("{}.{:02}", owed / 100, owed % 100)
}

fn now_ms() -> u64 {
    jiff::Timestamp::now().as_millisecond().try_into().unwrap()
}

/// The milliseconds that an id begins with.
fn ms_of(id: &str) -> Option<u64> {
    let (_, digits) = id.split_once('_').filter(|(_, digits)| digits.len() == 26)?;
    let item: ItemId = format!("{}{digits}", ItemId::PREFIX).parse().ok()?;
    u64::try_from(item.bits() >> 80).ok()
}

fn time_of(id: &str) -> Option<String> {
    Some(format!("the time of an id: {}", ms_of(id)?))
}

/// Long enough that two shops are told the same millisecond once in ten thousand times.
const WITHIN: SignedDuration = SignedDuration::from_secs(10);

#[test]
fn what_two_shops_are_told_of_one_buyer_has_nothing_in_common_on_sqlite() {
    nothing_in_common(&World::with(|settings| settings.shops_told_within = WITHIN));
}

#[test]
fn what_two_shops_are_told_of_one_buyer_has_nothing_in_common_on_postgres() {
    nothing_in_common(&World::on_postgres_with(|settings| settings.shops_told_within = WITHIN));
}

#[test]
fn an_offer_that_may_be_over_when_its_shop_is_told_is_paid_by_itself() {
    let world = World::with(|settings| settings.shops_told_within = SignedDuration::from_mins(5));
    let (one, other) = (Ears::new(&world, "11.00"), Ears::new(&world, "23.00"));
    let buyer = world.buyer_with("200.00");
    let short = one.shop.merchant.offer_of(&json!({
        "item": { "id": "now", "title": "A thing for now" }, "expires_in": 299,
        "price": { "amount": "11.00", "currency": "USD" },
    }));
    let refused = buyer.buy(&[&other.offer(), &short]);
    refused.problem(422, "offer-expired");
    assert_eq!(refused.body["field"], "offers[1]");
    assert!(text(&refused.body, "/detail").contains("by itself"), "{:#}", refused.body);
    buyer.buy(&[&short, &one.offer()]).ok(201);
    buyer.buy(&[&one.offer(), &other.offer()]).ok(201);
}

#[test]
fn a_payout_pays_what_the_shop_is_told_of() {
    for world in [
        World::with(|settings| settings.shops_told_within = SignedDuration::from_mins(10)),
        World::on_postgres_with(|settings| {
            settings.shops_told_within = SignedDuration::from_mins(10);
        }),
    ] {
        let (one, other) = (Ears::new(&world, "11.00"), Ears::new(&world, "23.00"));
        let buyer = world.buyer_with("200.00");
        buyer.buy(&[&one.offer()]).ok(201);
        let both = buyer.buy(&[&one.offer(), &other.offer()]).ok(201);
        let pay = |shop: &Ears| {
            let wish = json!({ "merchant": shop.shop.merchant.id, "currency": "USD" });
            world.operator.post("/v1/payouts", Some(&new_key()), &wish)
        };
        let (paid, refused) = (pay(&one), pay(&other));
        let owed = one.shop.merchant.client.get("/v1/merchant").ok(200);
        // Unless both, or one, were told at once, which comes to pass once in hundreds of times.
        let told = |item: usize| ms_of(&text(&both["items"][item], "/id")).unwrap() <= now_ms();
        if !told(0) {
            assert_eq!(paid.ok(201)["amount"]["amount"], "10.89");
            assert_eq!(owed["balances"], json!([{ "amount": "0.00", "currency": "USD" }]));
        }
        if !told(1) {
            refused.problem(402, "insufficient-funds");
        }
    }
}

fn nothing_in_common(world: &World) {
    let (one, other) = (Ears::new(world, "11.00"), Ears::new(world, "23.00"));
    let buyer = world.buyer_with("200.00");
    // Once from both at the same moment, which is the hardest.
    let both = buyer.buy(&[&one.offer(), &other.offer()]).ok(201);
    let mut receipts = both["receipts"].as_array().unwrap().clone();
    for (shop, item) in [&one, &other].into_iter().zip(both["items"].as_array().unwrap()) {
        shop.hears_nothing_before(ms_of(&text(item, "/id")).unwrap());
        buyer.refund(&text(item, "/id")).ok(201);
        shop.hears_nothing_before(ms_of(&text(item, "/id")).unwrap());
    }
    for shop in [&one, &other] {
        let bought = buyer.buy(&[&shop.offer()]).ok(201);
        receipts.extend(bought["receipts"].as_array().unwrap().clone());
    }
    for shop in [&one, &other] {
        shop.sees_no_difference();
    }
    let (first, second) = (one.heard(&buyer, &receipts, 3), other.heard(&buyer, &receipts, 3));
    // What a third shop is told of somebody else names neither this buyer nor these shops.
    let third = Ears::new(world, "31.00");
    let stranger = world.buyer_with("200.00");
    let bought = stranger.buy(&[&third.offer()]).ok(201);
    stranger.refund(&text(&bought, "/items/0/id")).ok(201);
    let everybodys = third.heard(&stranger, bought["receipts"].as_array().unwrap(), 2);
    let shared = first.intersection(&second).filter(|text| !everybodys.contains(*text));
    let shared: Vec<_> = shared.collect();
    assert!(shared.is_empty(), "{shared:?}");
    let own =
        [&buyer.id, &buyer.handle, &text(&both, "/id"), buyer.login["email"].as_str().unwrap()];
    for own in own {
        assert!(!first.union(&second).any(|text| text.contains(own)), "{own}");
    }
}
