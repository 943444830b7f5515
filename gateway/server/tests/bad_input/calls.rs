//! Every call that takes a body of JSON, with bodies that would be accepted and show each of its fields.

use serde_json::{Value, json};

mod plugins;

use crate::support::{Buyer, Client, Merchant, World, new_key, text};

/// A call with a body that would be accepted.
pub(crate) struct Call {
    pub who: Client,
    pub method: &'static str,
    /// As the document names it.
    pub route: &'static str,
    /// The same with its ids.
    pub path: String,
    pub body: Value,
    /// Secrets and names of others among its fields: what cannot be one is answered like one that is wrong.
    pub guesses: &'static [(&'static str, &'static str)],
}

impl Call {
    /// What a text that cannot be right is answered with, where the field is not named.
    pub(crate) fn guess(&self, name: &str) -> Option<&'static str> {
        self.guesses.iter().find(|(known, _)| *known == name).map(|(_, problem)| *problem)
    }

    /// A threshold may be nothing; what is to move may not.
    pub(crate) fn takes_zero(&self) -> bool {
        self.route == "/v1/policies/refunds"
    }
}

/// Who is there, and what they have.
pub(crate) struct Cast {
    pub shop: Merchant,
    /// A merchant that sells postage.
    post: Merchant,
    /// A stamp that it sold.
    indicium: String,
    pub buyer: Buyer,
    other: Buyer,
    card: String,
    item: String,
    purchase: String,
    recovery_code: String,
    refresh_token: String,
}

/// The chip of the smart card that is tapped, and of one that is to be registered.
const CHIP: [u8; 7] = [4, 1, 2, 3, 4, 5, 6];
const NEW_CHIP: &str = "04112233445566";
const PUBLIC_KEY: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

const LOGIN: &[(&str, &str)] = &[
    ("email", "wrong-credentials"),
    ("pin", "wrong-credentials"),
    ("password", "wrong-credentials"),
];
const CARD: &[(&str, &str)] = &[
    ("card.code", "card-refused"),
    ("card.picc_data", "card-refused"),
    ("card.cmac", "card-refused"),
];

impl Cast {
    pub(crate) fn of(world: &World) -> Self {
        let (shop, buyer, other) =
            (shop(world), world.buyer_with("100.00"), world.buyer_with("50.00"));
        let purchase = buyer.buy(&[&shop.offer("10.00", "USD")]).ok(201);
        world.smart_card(CHIP, "20.00", "USD");
        let mut lost = other.login.clone();
        lost["email"] = "lost@example.org".into();
        let lost = world.anyone().post("/v1/accounts", None, &lost).ok(201);
        let session = world.anyone().post("/v1/sessions", None, &other.login).ok(200);
        let post = post(world);
        let letter = letter(&post);
        let stamp = buyer.client.post("/v1/stamps", Some(&new_key()), &letter).ok(201);
        Self {
            post,
            indicium: text(&stamp, "/indicium"),
            card: world.cards(1, "10.00", "USD").remove(0),
            item: text(&purchase, "/items/0/id"),
            purchase: text(&purchase, "/id"),
            recovery_code: text(&lost, "/recovery_code"),
            refresh_token: text(&session, "/refresh_token"),
            shop,
            buyer,
            other,
        }
    }
}

/// A merchant that says where buyers may be sent back to.
fn shop(world: &World) -> Merchant {
    let shop =
        json!({ "name": "Shop", "country": "DE", "return_origins": ["https://shop.example"] });
    sign_up(world, &shop)
}

/// A merchant that sells postage.
fn post(world: &World) -> Merchant {
    let post = json!({ "name": "Post", "country": "DE", "stamps_plugin": "stamps-open", "void_hold_days": 3 });
    sign_up(world, &post)
}

fn letter(post: &Merchant) -> Value {
    json!({ "vendor": post.id, "origin": "DE-10115", "destination": "FR", "weight_g": 20, "service": "letter" })
}

fn sign_up(world: &World, body: &Value) -> Merchant {
    let made = world.operator.post("/v1/merchants", None, body).ok(201);
    Merchant {
        id: text(&made, "/id"),
        client: Client::new(&world.base, Some(&text(&made, "/secret_key"))),
        kid: text(&made, "/offer_key/kid"),
        secret: text(&made, "/offer_key/secret"),
    }
}

fn call(who: &Client, route: &'static str, body: Value) -> Call {
    let (method, guesses) = ("POST", [].as_slice());
    Call { who: who.clone(), method, route, path: route.to_owned(), body, guesses }
}

fn usd(amount: &str) -> Value {
    json!({ "amount": amount, "currency": "USD" })
}

/// All of them, in an order in which all of them succeed one after the other.
pub(crate) fn all(world: &World, cast: &Cast) -> Vec<Call> {
    let mut all = of_buyers(world, cast);
    all.extend(of_stamps(world, cast));
    all.extend(of_merchants(cast));
    all.extend(of_operators(world, cast));
    all.extend(plugins::of_operators(world, cast));
    all.extend(of_endpoints(cast));
    all.extend(of_money_that_leaves(world, cast));
    all.extend(of_accounts(world, cast));
    let now = json!({ "now": "2024-06-28T13:00:00Z" });
    all.push(call(&world.operator, "/v1/sandbox/clock", now));
    all
}

fn of_buyers(world: &World, cast: &Cast) -> Vec<Call> {
    let Cast { buyer: Buyer { client: buyer, .. }, shop, other, card, item, .. } = cast;
    let offer = shop.offer("10.00", "USD");
    let both = json!({ "offers": [offer, offer], "country": "DE", "tax_id": "DE136695976" });
    let mut purchase = both.clone();
    purchase["max_total"] = usd("99.00");
    purchase["pin"] = "271828".into();
    let tap = world.tap(CHIP, 3);
    let pay = json!({ "to": other.handle, "amount": usd("1.00"), "pin": "271828" });
    vec![
        Call {
            guesses: CARD,
            ..call(
                buyer,
                "/v1/vault/loads",
                json!({ "card": { "code": card }, "amount": usd("1.00") }),
            )
        },
        Call { guesses: CARD, ..call(buyer, "/v1/vault/loads", json!({ "card": tap })) },
        call(buyer, "/v1/quotes", both),
        call(buyer, "/v1/purchases", purchase),
        Call {
            guesses: &[("item", "not-purchased")],
            ..call(buyer, "/v1/refunds", json!({ "item": item }))
        },
        Call { guesses: &[("to", "not-found")], ..call(buyer, "/v1/transfers", pay) },
    ]
}

fn of_stamps(world: &World, cast: &Cast) -> Vec<Call> {
    let Cast { buyer: Buyer { client: buyer, .. }, post, indicium, .. } = cast;
    let guesses: &[(&str, &str)] = &[("vendor", "not-found")];
    let quote = letter(post);
    let mut stamp = quote.clone();
    (stamp["max_total"], stamp["pin"]) = (usd("99.00"), "271828".into());
    let at = "2024-06-28T12:00:00Z";
    let scan = json!({ "indicium": indicium, "scanned_at": at, "place": "Leipzig" });
    let mut verify = scan.clone();
    verify["scan"] = true.into();
    vec![
        Call { guesses, ..call(buyer, "/v1/stamps/quotes", quote) },
        Call { guesses, ..call(buyer, "/v1/stamps", stamp) },
        call(&world.operator, "/v1/stamps/verify", verify),
        call(&post.client, "/v1/stamps/scans", json!({ "scans": [scan] })),
        Call { guesses, ..call(&world.operator, "/v1/stamps/keys", json!({ "vendor": post.id })) },
    ]
}

fn of_merchants(cast: &Cast) -> Vec<Call> {
    let shop = &cast.shop.client;
    let offer = json!({
        "item": { "id": "x", "title": "X", "category": "book", "url": "https://shop.example/x" },
        "price": usd("1.00"),
        "tax_inclusive": true,
        "expires_in": 600,
        "single_use": true,
        "refund_window_days": 14,
        "return_url": "https://shop.example/thanks",
    });
    let login = json!({
        "redirect_uris": ["https://shop.example/callback"],
        "post_logout_redirect_uris": ["https://shop.example/"],
        "require_pkce": true,
        "id_token_signed_response_alg": "EdDSA",
        "name": "X",
    });
    vec![
        call(shop, "/v1/login-clients", login),
        call(shop, "/v1/offers", offer),
        call(shop, "/v1/offer-keys", json!({ "alg": "HS256" })),
        call(shop, "/v1/offer-keys", json!({ "alg": "EdDSA", "public_key": PUBLIC_KEY })),
        call(
            shop,
            "/v1/api-keys",
            json!({ "scopes": ["offers", "sales:read"], "expires_at": "2025-01-01T00:00:00Z" }),
        ),
    ]
}

/// Remittances and payouts. A return is sent to the gateway itself, which takes none.
fn of_money_that_leaves(world: &World, cast: &Cast) -> Vec<Call> {
    let operator = &world.operator;
    let wish = json!({
        "authority": "DE", "period": "2024-06", "taxpayer": cast.shop.id, "currency": "USD",
    });
    let told = operator.post("/v1/tax/remittances", Some(&new_key()), &wish).ok(201);
    cast.buyer.buy(&[&cast.shop.offer("1.00", "USD")]).ok(201);
    let url = format!("{}/healthz", world.base);
    let to = json!({ "url": url, "headers": { "x-test": "1" }, "again": true });
    let mut send = call(operator, "/v1/tax/remittances/{id}/send", to);
    send.path = format!("/v1/tax/remittances/{}/send", text(&told, "/id"));
    vec![
        call(operator, "/v1/tax/remittances", wish),
        send,
        call(operator, "/v1/payouts", json!({ "merchant": cast.shop.id, "currency": "USD" })),
    ]
}

fn of_operators(world: &World, cast: &Cast) -> Vec<Call> {
    let operator = &world.operator;
    let registration = json!({ "authority": "DE", "scheme": "vat", "number": "DE136695976" });
    let merchant = json!({
        "name": "N",
        "country": "DE",
        "fee_percent": "1",
        "tax": { "taxpayer": "merchant", "registrations": [registration] },
        "return_origins": ["https://shop.example"],
        "stamps_plugin": "stamps-open",
        "void_hold_days": 3,
    });
    let change = json!({
        "name": "N",
        "fee_percent": "1",
        "tax": { "registrations": [registration] },
        "return_origins": ["https://shop.example"],
        "void_hold_days": 3,
    });
    let batch = json!({ "count": 1, "face": usd("1.00"), "expires_at": "2025-01-01T00:00:00Z", "country": "DE" });
    let keys = json!({
        "meta_read": "00112233445566778899aabbccddeeff",
        "file_read": "ffeeddccbbaa99887766554433221100",
    });
    let policy = json!({
        "max_count": 10, "max_total": usd("500.00"), "window_days": 14, "period_days": 90,
    });
    let bought = json!({ "amount": "1.00", "currency": "EUR" });
    let enable = |name: &str, body| Call {
        path: format!("/v1/plugins/{}/enable", plugin(world, name)),
        ..call(operator, "/v1/plugins/{id}/enable", body)
    };
    vec![
        call(operator, "/v1/merchants", merchant),
        Call {
            method: "PATCH",
            path: format!("/v1/merchants/{}", cast.post.id),
            ..call(operator, "/v1/merchants/{id}", change)
        },
        call(operator, "/v1/card-batches", batch),
        call(
            operator,
            "/v1/smart-cards",
            json!({ "face": usd("1.00"), "uid": NEW_CHIP, "keys": keys }),
        ),
        Call { method: "PUT", ..call(operator, "/v1/policies/refunds", policy) },
        call(operator, "/v1/treasury/trades", json!({ "sold": usd("1.00"), "bought": bought })),
        enable("tax-eu", json!({ "countries": ["DE", "FR"], "from": "2024-06-28" })),
        enable("currency-ecb", json!({ "currencies": ["EUR", "*"], "from": "2024-06-28" })),
    ]
}

/// Endpoints that are never told anything.
fn of_endpoints(cast: &Cast) -> Vec<Call> {
    let shop = &cast.shop.client;
    let hook = json!({
        "url": "https://shop.example/hooks",
        "events": ["purchase.paid"],
        "plugin": "webhook-standard",
        "enabled": false,
    });
    let made = text(&shop.post("/v1/webhooks", None, &hook).ok(201), "/id");
    let path = format!("/v1/webhooks/{made}");
    let rotation = json!({ "old_secret_expires_in": 60 });
    vec![
        call(shop, "/v1/webhooks", hook.clone()),
        Call { method: "PATCH", path: path.clone(), ..call(shop, "/v1/webhooks/{id}", hook) },
        Call { path: format!("{path}/rotate"), ..call(shop, "/v1/webhooks/{id}/rotate", rotation) },
    ]
}

fn of_accounts(world: &World, cast: &Cast) -> Vec<Call> {
    let Cast { other, recovery_code, refresh_token, .. } = cast;
    let anyone = world.anyone();
    let mut sign_up = other.login.clone();
    sign_up["email"] = "new@example.org".into();
    sign_up["country"] = "DE".into();
    let (pin, password) = (text(&other.login, "/pin"), text(&other.login, "/password"));
    let remembered = json!({ "pin": pin, "password": password });
    let mut change = remembered.clone();
    change["new_pin"] = "314159".into();
    change["new_password"] = "a longer password".into();
    let recovery = json!({
        "recovery_code": recovery_code,
        "email": "found@example.org",
        "new_pin": "314159",
        "new_password": "a longer password",
    });
    let guessed = &LOGIN[1..];
    vec![
        call(&anyone, "/v1/accounts", sign_up),
        Call { guesses: LOGIN, ..call(&anyone, "/v1/sessions", other.login.clone()) },
        Call {
            guesses: &[("refresh_token", "not-authenticated")],
            ..call(&anyone, "/v1/sessions/refresh", json!({ "refresh_token": refresh_token }))
        },
        Call {
            guesses: &[("recovery_code", "wrong-credentials")],
            ..call(&anyone, "/v1/account/credentials", recovery)
        },
        Call {
            guesses: guessed,
            method: "DELETE",
            ..call(&cast.buyer.client, "/v1/account", remembered)
        },
        Call { guesses: guessed, ..call(&other.client, "/v1/account/credentials", change) },
    ]
}

/// The bundled plugin of a name.
pub(crate) fn plugin(world: &World, name: &str) -> String {
    let all = world.operator.get("/v1/plugins?limit=100").ok(200);
    let found = all["data"].as_array().unwrap().iter().find(|plugin| plugin["name"] == name);
    text(found.unwrap(), "/id")
}
