//! Live streams, on both databases: what they tell, to whom, and how many there may be.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails loudly"
)]

mod support;

use std::io::{BufRead, BufReader, Read};

use serde_json::{Value, json};
use support::{Client, World, text};

/// A merchant whose key is known here.
fn merchant_key(world: &World) -> (String, String) {
    let body = json!({ "name": "Shop", "country": "DE" });
    let made = world.operator.post("/v1/merchants", None, &body).ok(201);
    (text(&made, "/id"), text(&made, "/secret_key"))
}

fn offer_body(amount: &str) -> Value {
    json!({
        "item": { "id": "thing", "title": "A thing" }, "price": { "amount": amount, "currency": "USD" },
    })
}

/// A live stream, message by message.
struct Stream(BufReader<ureq::BodyReader<'static>>);

impl Stream {
    fn open(world: &World, path: &str, bearer: &str, last: Option<&str>) -> Self {
        let mut request = ureq::get(format!("{}{path}", world.base))
            .header("Authorization", format!("Bearer {bearer}"));
        if let Some(last) = last {
            request = request.header("Last-Event-ID", last);
        }
        let response = request.call().unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self(BufReader::new(response.into_body().into_reader()))
    }

    /// The messages until the gateway ends the stream.
    fn rest(mut self) -> String {
        let mut rest = String::new();
        self.0.read_to_string(&mut rest).unwrap();
        rest
    }

    /// The id and the data of the next message; comments are passed over.
    fn next(&mut self) -> (String, Value) {
        let (mut id, mut data) = (String::new(), None);
        loop {
            let mut line = String::new();
            assert!(self.0.read_line(&mut line).unwrap() > 0, "the stream goes on");
            let line = line.trim_end();
            if let Some(value) = line.strip_prefix("id: ") {
                id = value.to_owned();
            } else if let Some(value) = line.strip_prefix("data: ") {
                data = Some(serde_json::from_str(value).unwrap());
            } else if let (true, Some(data)) = (line.is_empty(), data.take()) {
                return (id, data);
            }
        }
    }
}

on_both_databases! {
    fn events_are_told_live_and_again_from_where_somebody_stopped(world: &World) {
        let (shop, key) = merchant_key(world);
        let merchant = Client::new(&world.base, Some(&key));
        let mut live = Stream::open(world, "/v1/events/stream", &key, None);
        let buyer = world.buyer_with("100.00");
        let buy = || {
            let offer = text(&merchant.post("/v1/offers", None, &offer_body("1.00")).ok(201), "/offer");
            text(&buyer.buy(&[&offer]).ok(201), "/items/0/id")
        };
        let (first, second) = (buy(), buy());
        let (id, event) = live.next();
        assert_eq!((text(&event, "/type").as_str(), text(&event, "/id")), ("purchase.paid", id.clone()));
        assert_eq!(text(&event, "/data/items/0/id"), first);
        let (next, event) = live.next();
        assert_eq!(text(&event, "/data/items/0/id"), second);
        assert!(!event.to_string().contains("pur_"), "no event names a purchase");
        let mut again = Stream::open(world, "/v1/events/stream", &key, Some(&id));
        assert_eq!(again.next().0, next);
        let listed = merchant.get("/v1/events").ok(200);
        assert_eq!(text(&listed, "/data/0/id"), next, "newest first");
        let page = merchant.get("/v1/events?limit=1").ok(200);
        let rest = merchant.get(&format!("/v1/events?limit=1&after={}", text(&page, "/next"))).ok(200);
        assert_eq!((text(&rest, "/data/0/id"), &rest["next"]), (id, &Value::Null));
        let _ = shop;
    }

    fn a_buyer_follows_the_own_transaction_log(world: &World) {
        let buyer = world.buyer();
        let session = world.anyone().post("/v1/sessions", None, &buyer.login).ok(200);
        let bearer = text(&session, "/access_token");
        let codes = world.cards(2, "5.00", "USD");
        buyer.load(&codes[0]).ok(201);
        let mut live = Stream::open(world, "/v1/transactions/stream", &bearer, None);
        buyer.load(&codes[1]).ok(201);
        let (id, line) = live.next();
        assert_eq!((text(&line, "/kind").as_str(), text(&line, "/balance/amount").as_str()), ("load", "10.00"));
        buyer.refund("item_00000000000000000000000000").problem(422, "not-purchased");
        assert_eq!(text(&live.next().1, "/outcome"), "not-purchased");
        let mut again = Stream::open(world, "/v1/transactions/stream", &bearer, Some(&id));
        assert_eq!(text(&again.next().1, "/kind"), "refund");
    }

    fn a_live_stream_ends_with_its_session_or_key(world: &World) {
        let (buyer, shop) = (world.buyer(), world.merchant("DE"));
        let session = world.anyone().post("/v1/sessions", None, &buyer.login).ok(200);
        let bearer = text(&session, "/access_token");
        let log = Stream::open(world, "/v1/transactions/stream", &bearer, None);
        Client::new(&world.base, Some(&bearer)).delete("/v1/sessions/current").ok(204);
        buyer.load(&world.cards(1, "20.00", "USD")[0]).ok(201);
        assert!(!log.rest().contains("data: "), "what happens afterwards is not told");

        let made = shop.client.post("/v1/api-keys", None, &json!({ "scopes": ["sales:read"] })).ok(201);
        let events = Stream::open(world, "/v1/events/stream", &text(&made, "/key"), None);
        shop.client.delete(&format!("/v1/api-keys/{}", text(&made, "/id"))).ok(204);
        buyer.buy(&[&shop.offer("1.00", "USD")]).ok(201);
        assert!(!events.rest().contains("data: "), "what happens afterwards is not told");
    }

    fn nobody_takes_all_places_of_live_streams(world: &World) {
        let (buyer, other, (_, key)) = (world.buyer(), world.buyer(), merchant_key(world));
        let bearer = |login: &Value| text(&world.anyone().post("/v1/sessions", None, login).ok(200), "/access_token");
        let own = bearer(&buyer.login);
        let open = |bearer: &str| Stream::open(world, "/v1/transactions/stream", bearer, None);
        let _four: Vec<Stream> = (0..4).map(|_| open(&own)).collect();
        let fifth = buyer.client.get("/v1/transactions/stream");
        fifth.problem(429, "too-many-requests");
        assert!(fifth.retry_after.is_some());
        let _others = open(&bearer(&other.login));
        let _merchants = Stream::open(world, "/v1/events/stream", &key, None);
    }
}
