//! The story: what buyers, merchants and the operator do, in the order in which they do it.

mod hook;
mod leaves;
mod post;
mod sale;
mod vault;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::{
    client::Client,
    print::{Teller, money, text},
};
use crate::gateway::Gateway;

/// The real rates of the day that the sandbox clock is set to, as the ECB published them.
const RATES: &[u8] = include_bytes!("../../../../../docs/vectors/eurofxref-2024-06-28.xml");

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
    let endpoint = cast.endpoint(&books)?;
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
    cast.delivered(&endpoint)?;
    let bob = cast.buyer("Bob", "bob@example.com", "FR")?;
    cast.refused_refunds(&ada, &bob, first, items.get(1).context("a second item")?)?;
    let code = cast.threshold(&ada, items.get(1).context("a second item")?)?;
    cast.compensation(&bob, &code)?;
    let cleo = cast.buyer("Cleo", "cleo@example.com", "JP")?;
    cast.transfer(&bob, &cleo)?;
    let post = cast.post_office()?;
    let stamp = cast.stamp(&cleo, &post)?;
    cast.used_once(&cleo, &post, &stamp)?;
    cast.told(&books, &music)?;
    cast.remittance(&music)?;
    cast.payout(&music)?;
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
