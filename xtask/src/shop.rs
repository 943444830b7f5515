//! A small world to trade in: merchants, buyers and cards, all made over HTTP.

use anyhow::{Context, Result};
use indicatif::ProgressBar;
use serde_json::Value;

use crate::gateway::{self, Gateway, House};
use crate::http::{Client, Request};
use crate::offer::Signer;

/// The operator's side of a gateway.
pub(crate) struct Operator {
    key: String,
    issuer: String,
    client: Client,
}

/// A merchant that signs its offers.
pub(crate) struct Merchant {
    pub(crate) id: String,
    pub(crate) secret_key: String,
    pub(crate) signer: Signer,
}

/// A buyer with a vault.
pub(crate) struct Buyer {
    name: String,
    pub(crate) token: String,
    pub(crate) handle: String,
}

impl Operator {
    pub(crate) fn of(house: &House, gateway: &Gateway<'_>) -> Result<Self> {
        let key = house.operator_key()?;
        Ok(Self { key, issuer: house.issuer(), client: gateway.client() })
    }

    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// Imports the day's rates, enables what plugins are not, and lets buyers refund without limit.
    pub(crate) fn open_shop(&mut self) -> Result<()> {
        let plugins = self.client.expect(200, Request::get("/v1/plugins").by(&self.key))?;
        let plugins =
            plugins.get("data").and_then(Value::as_array).context("no list of plugins")?;
        // That one covers no place by itself: it is enabled by whoever has a table for one.
        let idle = |plugin: &&Value| {
            text(plugin, "/status") != "active" && text(plugin, "/name") != "tax-table"
        };
        for plugin in plugins.iter().filter(idle) {
            let path = format!("/v1/plugins/{}/enable", text(plugin, "/id"));
            self.client.expect(200, Request::post(&path, "{}").by(&self.key))?;
        }
        let rates = gateway::rates()?;
        let import = Request::get("/v1/rates?feed=ecb-daily");
        let import = import.with_body("POST", "application/xml", &rates);
        self.client.expect(201, import.by(&self.key))?;
        let policy = r#"{"max_count":1000000,"max_total":{"amount":"100000000.00","currency":"USD"},"window_days":14,"period_days":90}"#;
        let put = Request::put("/v1/policies/refunds", policy).by(&self.key);
        self.client.expect(200, put).map(drop)
    }

    /// A German merchant that prices in euro, with a fee of 1 %.
    pub(crate) fn merchant(&mut self, name: &str) -> Result<Merchant> {
        let body = format!(r#"{{"name":"{name}","country":"DE","fee_percent":"1"}}"#);
        let made = self.client.expect(201, Request::post("/v1/merchants", &body).by(&self.key))?;
        let (kid, secret) = (text(&made, "/offer_key/kid"), text(&made, "/offer_key/secret"));
        let id = text(&made, "/id").to_owned();
        let signer = Signer::new(&id, &self.issuer, kid, secret)?;
        Ok(Merchant { id, secret_key: text(&made, "/secret_key").to_owned(), signer })
    }

    /// A German merchant that sells postage in dollars, by the plugin that comes with the gateway.
    pub(crate) fn post_office(&mut self) -> Result<String> {
        let body = r#"{"name":"Post","country":"DE","stamps_plugin":"stamps-open"}"#;
        let made = self.client.expect(201, Request::post("/v1/merchants", body).by(&self.key))?;
        Ok(text(&made, "/id").to_owned())
    }

    /// Sells pre-paid cards and gives their codes.
    pub(crate) fn cards(
        &mut self,
        count: usize,
        amount: &str,
        currency: &str,
    ) -> Result<Vec<String>> {
        let face = format!(r#"{{"amount":"{amount}","currency":"{currency}"}}"#);
        let body = format!(r#"{{"count":{count},"face":{face}}}"#);
        let batch = Request::post("/v1/card-batches", &body).by(&self.key);
        let batch = self.client.expect(201, batch)?;
        let id = text(&batch, "/id");
        let path = format!("/v1/card-batches/{id}/activate");
        self.client.expect(200, Request::post(&path, "{}").by(&self.key).once(id))?;
        let cards = batch.get("cards").and_then(Value::as_array).context("no cards in a batch")?;
        Ok(cards.iter().map(|card| text(card, "/code").to_owned()).collect())
    }
}

impl Buyer {
    /// Signs up and signs in.
    pub(crate) fn sign_up(client: &mut Client, name: String) -> Result<Self> {
        let body = format!(r#"{{{},"country":"DE"}}"#, credentials(&name));
        let made = client.expect(201, Request::post("/v1/accounts", &body))?;
        let handle = text(&made, "/vault/handle").to_owned();
        let mut buyer = Self { name, token: String::new(), handle };
        buyer.sign_in(client)?;
        Ok(buyer)
    }

    /// Gets a fresh access token.
    pub(crate) fn sign_in(&mut self, client: &mut Client) -> Result<()> {
        let body = format!("{{{}}}", credentials(&self.name));
        let session = client.expect(200, Request::post("/v1/sessions", &body))?;
        self.token = text(&session, "/access_token").to_owned();
        Ok(())
    }

    /// What erases the account, beside the token.
    pub(crate) fn remembered(&self) -> String {
        format!(r#"{{"pin":"{PIN}","password":"{}"}}"#, password(&self.name))
    }

    /// Loads a pre-paid card, all of it.
    pub(crate) fn load(&self, client: &mut Client, code: &str) -> Result<()> {
        let body = format!(r#"{{"card":{{"code":"{code}"}}}}"#);
        let load = Request::post("/v1/vault/loads", &body).by(&self.token).once(code);
        client.expect(201, load).map(drop)
    }

    /// What is in the vault, in minor units.
    pub(crate) fn balance_minor(&self, client: &mut Client) -> Result<i64> {
        let vault = client.expect(200, Request::get("/v1/vault").by(&self.token))?;
        minor(&vault, "/balance")
    }
}

/// Signs up buyers whose vaults hold `dollars` each; a password hash each, so it shows its progress.
pub(crate) fn buyers(
    operator: &mut Operator,
    client: &mut Client,
    count: usize,
    dollars: &str,
) -> Result<Vec<Buyer>> {
    let cards = operator.cards(count, dollars, "USD")?;
    let progress = ProgressBar::new(cards.len().try_into()?).with_message("buyers sign up");
    let buyers = cards.iter().enumerate().map(|(number, code)| {
        let buyer = Buyer::sign_up(client, format!("buyer-{number}"))?;
        buyer.load(client, code)?;
        progress.inc(1);
        Ok(buyer)
    });
    let buyers = buyers.collect();
    progress.finish_and_clear();
    buyers
}

const PIN: &str = "314159";

fn password(name: &str) -> String {
    format!("correct horse {name}")
}

fn credentials(name: &str) -> String {
    let password = password(name);
    format!(r#""email":"{name}@example.org","pin":"{PIN}","password":"{password}""#)
}

/// A text inside an answer; an answer without it is compared, printed or sent as empty.
pub(crate) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// A `Money` of an answer in minor units, for currencies of two decimals.
pub(crate) fn minor(value: &Value, pointer: &str) -> Result<i64> {
    let amount = value.pointer(pointer).map(|money| text(money, "/amount")).unwrap_or_default();
    let parsed = amount.split_once('.').filter(|(_, cents)| cents.len() == 2);
    parsed
        .and_then(|(units, cents)| format!("{units}{cents}").parse().ok())
        .with_context(|| format!("{pointer} is no amount with cents in {value}"))
}
