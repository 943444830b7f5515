//! Postage: a vendor's stamp is bought, printed, and used once.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::{
    super::{
        client::Client,
        print::{money, text},
    },
    Buyer, Cast, Shop,
};

impl Cast {
    pub(super) fn post_office(&mut self) -> Result<Shop> {
        self.print.step("The operator signs up a post that sells stamps through a plugin");
        let made = self.operator.post(
            "/v1/merchants",
            None,
            &json!({ "name": "Postkontor", "country": "DE", "stamps_plugin": "stamps-open" }),
        )?;
        let id = text(&made, "id").to_owned();
        self.print.call(&id, "Postkontor");
        self.print.say("it gets registers that never run back, and a key to sign stamps with");
        Ok(Shop { client: Client::new(&self.gateway.issuer, Some(text(&made, "secret_key"))), id })
    }

    /// Quotes, buys and shows a stamp for a letter.
    pub(super) fn stamp(&mut self, buyer: &Buyer, post: &Shop) -> Result<Value> {
        self.print
            .step(&format!("{} asks what a letter to Paris costs, and buys a stamp", buyer.name));
        let piece = json!({
            "vendor": post.id, "origin": "DE-10115", "destination": "FR-75001", "weight_g": 20,
        });
        let quote = buyer.client.post("/v1/stamps/quotes", None, &piece)?;
        let services = quote.get("data").and_then(Value::as_array).cloned().unwrap_or_default();
        for service in &services {
            let price = money(service.get("price").unwrap_or(&Value::Null));
            self.print.say(&format!("{}: {price}", text(service, "title")));
        }
        let cheapest = services.first().context("a service that carries a letter to Paris")?;
        let mut order = piece;
        if let Some(members) = order.as_object_mut() {
            members.insert("service".into(), text(cheapest, "service").into());
            members
                .insert("max_total".into(), cheapest.get("charged").cloned().unwrap_or_default());
        }
        let key = self.key();
        let stamp = buyer.client.post("/v1/stamps", Some(&key), &order)?;
        let price = money(stamp.get("price").unwrap_or(&Value::Null));
        self.print.say(&format!(
            "stamp {} of {price}, good until {}",
            text(&stamp, "serial"),
            text(&stamp, "valid_until")
        ));
        self.print.say(&format!("to print: /v1/stamps/{}.svg, .png or .pdf", text(&stamp, "id")));
        let bought = buyer.client.get("/v1/purchases?limit=1")?;
        let purchase = bought.pointer("/data/0/id").and_then(Value::as_str).unwrap_or_default();
        self.print.postings(purchase)?;
        Ok(stamp)
    }

    /// The sorting centre reads the mark, a copy of it comes, and the stamp cannot go back.
    pub(super) fn used_once(&mut self, buyer: &Buyer, post: &Shop, stamp: &Value) -> Result<()> {
        self.print.step("The letter is sorted, and then a copy of its stamp turns up");
        let scan =
            json!({ "indicium": text(stamp, "indicium"), "scan": true, "place": "Berlin 1" });
        for expected in ["valid", "duplicate"] {
            let seen = post.client.post("/v1/stamps/verify", None, &scan)?;
            ensure!(text(&seen, "status") == expected, "a scan must be {expected}: {seen}");
            self.print
                .say(&format!("{expected}, first seen at {}", text(&seen, "first_scanned_at")));
        }
        let key = self.key();
        let item = json!({ "item": text(stamp, "item") });
        let refused = buyer.client.try_post("/v1/refunds", Some(&key), &item)?;
        self.expect(&refused, 409, "stamp-already-scanned")
    }
}
