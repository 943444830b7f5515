//! The story: what buyers, merchants and the operator do, in the order in which they do it.

use anyhow::{Context, Result, bail, ensure};
use purser_core::card::sun::{Reading, Tap, TapCounter, Uid};
use serde_json::{Value, json};

use super::{
    client::Client,
    print::{Teller, money, text},
};
use crate::gateway::Gateway;

/// The real rates of the day that the sandbox clock is set to, as the ECB published them.
const RATES: &[u8] = include_bytes!("../../../../../docs/vectors/eurofxref-2024-06-28.xml");
const CHIP_UID: [u8; 7] = [0x04, 0x95, 0x8c, 0xaa, 0x5c, 0x5e, 0x80];

/// Everybody in it.
struct Cast {
    gateway: Gateway,
    operator: Client,
    anyone: Client,
    print: Teller,
    keys: u32,
}

/// A merchant with its way to the gateway.
struct Shop {
    id: String,
    client: Client,
}

/// A buyer with its way to the gateway.
struct Buyer {
    name: &'static str,
    client: Client,
}

/// Tells the story from beginning to end. Fails if anything does not go as it should.
pub(super) fn tell(gateway: Gateway) -> Result<()> {
    println!(
        "Purser demo: a throw-away gateway at {}, on {}",
        gateway.issuer,
        gateway.clock.today()
    );
    println!(
        "Vaults are held in {}. `Dr` and `Cr` are the postings that each step made.",
        gateway.settings.unit_of_account
    );
    let mut cast = Cast::new(gateway)?;
    cast.rates()?;
    let (books, music) =
        (cast.shop("Buchhandlung Lesezeichen", "DE")?, cast.shop("Disques du Marais", "FR")?);
    let codes = cast.cards()?;
    let ada = cast.buyer("Ada", "ada@example.com", "DE")?;
    cast.load(&ada, codes.first().context("a EUR card")?)?;
    cast.load(&ada, codes.get(1).context("a JPY card")?)?;
    cast.tap(&ada)?;
    let offers = cast.offers(&books, &music)?;
    let purchase = cast.purchase(&ada, &offers)?;
    cast.tampered(&ada, offers.first().context("an offer")?)?;
    let items = item_ids(&purchase);
    let first = items.first().context("an item")?;
    cast.refund(&ada, first)?;
    let bob = cast.buyer("Bob", "bob@example.com", "FR")?;
    cast.refused_refunds(&ada, &bob, first, items.get(1).context("a second item")?)?;
    let code = cast.threshold(&ada, items.get(1).context("a second item")?)?;
    cast.compensation(&bob, &code)?;
    let cleo = cast.buyer("Cleo", "cleo@example.com", "JP")?;
    cast.transfer(&bob, &cleo)?;
    cast.told(&books, &music)?;
    cast.check()
}

fn item_ids(purchase: &Value) -> Vec<String> {
    let items = purchase.get("items").and_then(Value::as_array);
    items
        .map(|items| items.iter().map(|item| text(item, "id").to_owned()).collect())
        .unwrap_or_default()
}

impl Cast {
    fn new(gateway: Gateway) -> Result<Self> {
        let key = std::fs::read_to_string(gateway.settings.data.join("operator.key"))?;
        let base = gateway.issuer.clone();
        Ok(Self {
            operator: Client::new(&base, Some(key.trim())),
            anyone: Client::new(&base, None),
            print: Teller::new(gateway.clone()),
            gateway,
            keys: 0,
        })
    }

    /// A new idempotency key: one for each intent.
    fn key(&mut self) -> String {
        self.keys = self.keys.saturating_add(1);
        format!("demo-{}", self.keys)
    }

    fn rates(&mut self) -> Result<()> {
        self.print.step("The operator imports the European Central Bank's rates of the day");
        let table = self.operator.post_bytes("/v1/rates?feed=ecb-daily", RATES)?;
        self.print.say(&format!(
            "rates of {} from {}",
            text(&table, "as_of"),
            text(&table, "source")
        ));
        for (from, to) in [("EUR", "USD"), ("JPY", "USD")] {
            let rate = self.operator.get(&format!("/v1/rates/{from}/{to}"))?;
            self.print.say(&format!("1 {from} = {} {to}", text(&rate, "rate")));
        }
        Ok(())
    }

    fn shop(&mut self, name: &str, country: &str) -> Result<Shop> {
        self.print.step(&format!("The operator signs up a merchant: {name}, {country}"));
        let number = if country == "DE" { "DE136695976" } else { "FR40303265045" };
        let made = self.operator.post(
            "/v1/merchants",
            None,
            &json!({
                "name": name, "country": country, "fee_percent": "1",
                "tax": { "taxpayer": "merchant", "registrations": [
                    { "authority": country, "scheme": "oss", "number": number },
                ]},
            }),
        )?;
        let id = text(&made, "id").to_owned();
        self.print.call(&id, name.split(' ').next().unwrap_or(name));
        self.print.say("it gets an API key and an offer secret, shown once");
        Ok(Shop { client: Client::new(&self.gateway.issuer, Some(text(&made, "secret_key"))), id })
    }

    /// A batch of EUR cards, a batch of JPY cards: printed, then sold for cash.
    fn cards(&mut self) -> Result<Vec<String>> {
        let mut codes = Vec::new();
        for (amount, currency) in [("50.00", "EUR"), ("5000", "JPY")] {
            self.print.step(&format!(
                "Two pre-paid cards of {amount} {currency} are printed, and sold for cash"
            ));
            let face = json!({ "amount": amount, "currency": currency });
            let batch = self.operator.post(
                "/v1/card-batches",
                None,
                &json!({ "count": 2, "face": face }),
            )?;
            let cards = batch.get("cards").and_then(Value::as_array).cloned().unwrap_or_default();
            for (index, card) in cards.iter().enumerate() {
                self.print.call(
                    text(card, "id"),
                    &format!("{currency}-card-{}", index.saturating_add(1)),
                );
                self.print.say(&format!(
                    "card {} with code {}",
                    text(card, "serial"),
                    text(card, "code")
                ));
            }
            let id = text(&batch, "id").to_owned();
            let key = self.key();
            self.operator.post(
                &format!("/v1/card-batches/{id}/activate"),
                Some(&key),
                &json!({}),
            )?;
            self.print.postings(&id)?;
            codes.push(cards.first().map(|card| text(card, "code").to_owned()).unwrap_or_default());
        }
        Ok(codes)
    }

    fn buyer(&mut self, name: &'static str, email: &str, country: &str) -> Result<Buyer> {
        self.print.step(&format!(
            "{name} opens an account: an e-mail, a PIN, a password, and nothing else"
        ));
        let login = json!({ "email": email, "pin": "271828", "password": "correct horse battery" });
        let mut sign_up = login.clone();
        if let Some(members) = sign_up.as_object_mut() {
            members.insert("country".into(), country.into());
        }
        let made = self.anyone.post("/v1/accounts", None, &sign_up)?;
        self.print.call(text(&made, "id"), name);
        self.print.say("the gateway keeps no e-mail, not even a hash of it alone");
        let session = self.anyone.post("/v1/sessions", None, &login)?;
        Ok(Buyer {
            name,
            client: Client::new(&self.gateway.issuer, Some(text(&session, "access_token"))),
        })
    }

    fn load(&mut self, buyer: &Buyer, code: &str) -> Result<()> {
        self.print.step(&format!("{} types the code of a card", buyer.name));
        let key = self.key();
        let load = buyer.client.post(
            "/v1/vault/loads",
            Some(&key),
            &json!({ "card": { "code": code } }),
        )?;
        self.loaded(&load)
    }

    fn loaded(&self, load: &Value) -> Result<()> {
        let part = |name: &str| money(load.get(name).unwrap_or(&Value::Null));
        let (taken, credited, spread) = (part("taken"), part("credited"), part("spread"));
        self.print.say(&format!(
            "{taken} at {} is {credited} and a spread of {spread}",
            text(load, "rate")
        ));
        self.print.postings(text(load, "id"))
    }

    /// A smart card: an NTAG 424 DNA chip whose link is new at every tap.
    fn tap(&mut self, buyer: &Buyer) -> Result<()> {
        self.print.step("A smart card of 20.00 EUR is registered and sold");
        let uid = data_encoding::HEXLOWER.encode(&CHIP_UID);
        let face = json!({ "amount": "20.00", "currency": "EUR" });
        let card =
            self.operator.post("/v1/smart-cards", None, &json!({ "face": face, "uid": uid }))?;
        let id = text(&card, "id").to_owned();
        self.print.call(&id, "smart-card");
        let key = self.key();
        self.operator.post(&format!("/v1/smart-cards/{id}/activate"), Some(&key), &json!({}))?;
        self.print.postings(&id)?;
        self.print.step(&format!("{} taps it on a phone", buyer.name));
        let tap = self.chip(1)?;
        self.print.say(&format!(
            "the chip's link says picc_data={} cmac={}",
            text(&tap, "picc_data"),
            text(&tap, "cmac")
        ));
        let key = self.key();
        let load = buyer.client.post("/v1/vault/loads", Some(&key), &json!({ "card": tap }))?;
        self.loaded(&load)?;
        self.print.say("the same link once more, with a new key:");
        let key = self.key();
        let again =
            buyer.client.try_post("/v1/vault/loads", Some(&key), &json!({ "card": tap }))?;
        self.expect(&again, 422, "card-refused")
    }

    /// What the chip's link holds at its `count`th tap, made as the chip makes it.
    fn chip(&self, count: u32) -> Result<Value> {
        let uid = Uid::new(CHIP_UID);
        let keys = self.gateway.keys.issuer_key.card_keys(&uid, 1);
        let reading =
            Reading { uid, counter: TapCounter::new(count).context("a counter of 24 bits")? };
        let meta = self.gateway.keys.issuer_key.meta_read_key();
        let tap = Tap::of_chip(&meta, &keys.file_read, &reading, b"", crate::random::bytes());
        let hex = |bytes: &[u8]| data_encoding::HEXUPPER.encode(bytes);
        Ok(json!({ "picc_data": hex(&tap.picc_data), "cmac": hex(&tap.cmac) }))
    }

    fn offers(&mut self, books: &Shop, music: &Shop) -> Result<Vec<String>> {
        self.print.step("The merchants sign their prices: no price changes between shop and till");
        let wares = [
            (books, "Der Zauberberg", "book", "16.00", "EUR", true),
            (books, "Leselampe", "general", "10.00", "EUR", false),
            (music, "Gymnopédies, vinyle", "general", "18.90", "EUR", false),
        ];
        let mut offers = Vec::new();
        for (shop, title, category, amount, currency, inclusive) in wares {
            let id = title.split([' ', ',']).next_back().unwrap_or(title);
            let made = shop.client.post(
                "/v1/offers",
                None,
                &json!({
                    "item": { "id": id, "title": title, "category": category },
                    "price": { "amount": amount, "currency": currency },
                    "tax_inclusive": inclusive,
                }),
            )?;
            let tax = if inclusive { "with tax" } else { "without tax" };
            self.print.say(&format!("{title}: {amount} {currency} {tax}"));
            offers.push(text(&made, "offer").to_owned());
        }
        Ok(offers)
    }

    fn purchase(&mut self, buyer: &Buyer, offers: &[String]) -> Result<Value> {
        self.print.step(&format!("{} asks what the three come to, and buys them", buyer.name));
        let quote = buyer.client.post("/v1/quotes", None, &json!({ "offers": offers }))?;
        let total = quote.get("total").cloned().unwrap_or_default();
        let request = json!({ "offers": offers, "max_total": total });
        let key = self.key();
        let purchase = buyer.client.post("/v1/purchases", Some(&key), &request)?;
        for item in purchase.get("items").and_then(Value::as_array).into_iter().flatten() {
            self.bought(item);
        }
        self.print.say(&format!(
            "together {} leave the vault",
            money(purchase.get("total").unwrap_or(&Value::Null))
        ));
        self.print.postings(text(&purchase, "id"))?;
        self.print.step("The answer is lost on the way: the same request with the same key");
        let again = buyer.client.post("/v1/purchases", Some(&key), &request)?;
        ensure!(again == purchase, "the same key must get the same answer");
        self.print.say("the same answer, and nothing is charged twice");
        self.balance(buyer)?;
        Ok(purchase)
    }

    fn bought(&self, item: &Value) {
        let part = |name: &str| money(item.get(name).unwrap_or(&Value::Null));
        let taxes = item.get("taxes").and_then(Value::as_array).into_iter().flatten();
        let taxes: Vec<String> = taxes
            .map(|tax| {
                let amount = money(tax.get("tax").unwrap_or(&Value::Null));
                format!(
                    "{} {} {} % {amount}",
                    text(tax, "name"),
                    text(tax, "jurisdiction"),
                    text(tax, "rate")
                )
            })
            .collect();
        let (title, gross, charged) = (text(item, "title"), part("gross"), part("charged"));
        self.print.say(&format!("{title}: {gross} with {}, charged {charged}", taxes.join(", ")));
    }

    fn tampered(&mut self, buyer: &Buyer, offer: &str) -> Result<()> {
        self.print.step("Somebody changes a price on its way from shop to till");
        let cheaper = cheaper(offer)?;
        let key = self.key();
        let refused =
            buyer.client.try_post("/v1/purchases", Some(&key), &json!({ "offers": [cheaper] }))?;
        self.expect(&refused, 422, "offer-tampered")
    }

    fn refund(&mut self, buyer: &Buyer, item: &str) -> Result<()> {
        self.print.step(&format!(
            "{} sends the book back: one click, and exactly what was charged",
            buyer.name
        ));
        let key = self.key();
        let refund = buyer.client.post("/v1/refunds", Some(&key), &json!({ "item": item }))?;
        self.print
            .say(&format!("{} are back", money(refund.get("credited").unwrap_or(&Value::Null))));
        self.print.postings(text(&refund, "id"))?;
        self.balance(buyer)
    }

    fn refused_refunds(
        &mut self,
        buyer: &Buyer,
        stranger: &Buyer,
        refunded: &str,
        other: &str,
    ) -> Result<()> {
        self.print.step("The same item once more, and an item of somebody else");
        let key = self.key();
        let twice =
            buyer.client.try_post("/v1/refunds", Some(&key), &json!({ "item": refunded }))?;
        self.expect(&twice, 409, "already-refunded")?;
        let key = self.key();
        let theirs =
            stranger.client.try_post("/v1/refunds", Some(&key), &json!({ "item": other }))?;
        self.expect(&theirs, 422, "not-purchased")
    }

    /// Refunds past the threshold close the vault; gives the code of the compensation card.
    fn threshold(&mut self, buyer: &Buyer, item: &str) -> Result<String> {
        self.print.step("The operator lowers the refund threshold to 25.00 USD");
        let policy = json!({
            "max_count": 10, "max_total": { "amount": "25.00", "currency": "USD" }, "window_days": 14, "period_days": 90,
        });
        self.operator.put("/v1/policies/refunds", &policy)?;
        self.print.step(&format!(
            "{}'s next refund goes past it: the vault closes, and nothing is lost",
            buyer.name
        ));
        let key = self.key();
        let refund = buyer.client.post("/v1/refunds", Some(&key), &json!({ "item": item }))?;
        self.print.postings(text(&refund, "id"))?;
        let vault = refund.get("vault").cloned().unwrap_or_default();
        ensure!(text(&vault, "status") == "inactive", "the vault must be closed");
        self.print.call_card_of(text(&vault, "id"), "compensation-card")?;
        self.print.postings(text(&vault, "id"))?;
        let compensation = vault.get("compensation").cloned().unwrap_or_default();
        let code = text(&compensation, "code").to_owned();
        let left = money(compensation.get("amount").unwrap_or(&Value::Null));
        self.print.say(&format!("the compensation card {code} holds {left}"));
        Ok(code)
    }

    fn compensation(&mut self, buyer: &Buyer, code: &str) -> Result<()> {
        self.print.step(&format!("The compensation card is loaded into {}'s account", buyer.name));
        let key = self.key();
        let load = buyer.client.post(
            "/v1/vault/loads",
            Some(&key),
            &json!({ "card": { "code": code } }),
        )?;
        self.loaded(&load)
    }

    fn transfer(&mut self, from: &Buyer, to: &Buyer) -> Result<()> {
        self.print.step(&format!("{} pays {} 12.50 USD", from.name, to.name));
        let handle = to.client.get("/v1/vault")?;
        let request = json!({ "to": text(&handle, "handle"), "amount": { "amount": "12.50", "currency": "USD" } });
        let key = self.key();
        let transfer = from.client.post("/v1/transfers", Some(&key), &request)?;
        self.print.postings(text(&transfer, "id"))?;
        self.balance(from)?;
        self.balance(to)
    }

    /// What the merchants have, and were told.
    fn told(&mut self, books: &Shop, music: &Shop) -> Result<()> {
        self.print.step("The merchants look at what they are owed, and what they were told");
        for shop in [books, music] {
            let profile = shop.client.get("/v1/merchant")?;
            let balances =
                profile.get("balances").and_then(Value::as_array).cloned().unwrap_or_default();
            let balances: Vec<String> = balances.iter().map(money).collect();
            self.print.say(&format!("{}: {}", text(&profile, "name"), balances.join(", ")));
            ensure!(text(&profile, "id") == shop.id, "a merchant sees itself only");
            let sales = shop.client.get("/v1/sales")?;
            let sales = sales.get("data").and_then(Value::as_array).cloned().unwrap_or_default();
            for sale in sales {
                let refunded = sale.get("refunded").and_then(Value::as_bool).unwrap_or_default();
                let state = if refunded { "went back" } else { "sold" };
                let net = money(sale.get("net").unwrap_or(&Value::Null));
                self.print.say(&format!("  {} {state}, net {net}", text(&sale, "title")));
            }
        }
        Ok(())
    }

    fn check(&mut self) -> Result<()> {
        self.print.step("The books are proved from nothing but the database");
        let report = self.operator.get("/v1/check")?;
        for check in report.get("checks").and_then(Value::as_array).into_iter().flatten() {
            let ok = check.get("ok").and_then(Value::as_bool).unwrap_or_default();
            let examined = check.get("examined").and_then(Value::as_u64).unwrap_or_default();
            let mark = if ok { "ok " } else { "BAD" };
            self.print.say(&format!(
                "{mark} {:<52} {examined:>5} examined {}",
                text(check, "name"),
                text(check, "detail")
            ));
        }
        ensure!(report.get("ok").and_then(Value::as_bool) == Some(true), "the books do not prove");
        println!("\nThe books balance.");
        Ok(())
    }

    fn balance(&self, buyer: &Buyer) -> Result<()> {
        let vault = buyer.client.get("/v1/vault")?;
        let balance = money(vault.get("balance").unwrap_or(&Value::Null));
        self.print.say(&format!("{}'s vault holds {balance}", buyer.name));
        Ok(())
    }

    fn expect(&self, answer: &super::client::Answer, status: u16, problem: &str) -> Result<()> {
        if answer.status != status || answer.problem() != problem {
            bail!("expected {status} {problem}, got {}: {}", answer.status, answer.body);
        }
        self.print
            .say(&format!("refused with {status} {problem}: {}", text(&answer.body, "detail")));
        Ok(())
    }
}

/// The offer with a lower price in it, and the merchant's signature as it was.
fn cheaper(offer: &str) -> Result<String> {
    let mut parts = offer.split('.');
    let (Some(header), Some(payload), Some(signature)) = (parts.next(), parts.next(), parts.next())
    else {
        bail!("an offer has three parts");
    };
    let encoding = data_encoding::BASE64URL_NOPAD;
    let mut claims: Value = serde_json::from_slice(&encoding.decode(payload.as_bytes())?)?;
    if let Some(amount) = claims.pointer_mut("/price/amount") {
        *amount = "0.01".into();
    }
    Ok(format!("{header}.{}.{signature}", encoding.encode(claims.to_string().as_bytes())))
}
