//! Offers, purchases and what goes back.

use anyhow::{Result, bail, ensure};
use serde_json::{Value, json};

use super::{
    super::print::{money, text},
    Buyer, Cast, Shop,
};

impl Cast {
    pub(super) fn offers(&mut self, books: &Shop, music: &Shop) -> Result<Vec<String>> {
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

    pub(super) fn purchase(&mut self, buyer: &Buyer, offers: &[String]) -> Result<Value> {
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

    pub(super) fn tampered(&mut self, buyer: &Buyer, offer: &str) -> Result<()> {
        self.print.step("Somebody changes a price on its way from shop to till");
        let cheaper = cheaper(offer)?;
        let key = self.key();
        let refused =
            buyer.client.try_post("/v1/purchases", Some(&key), &json!({ "offers": [cheaper] }))?;
        self.expect(&refused, 422, "offer-tampered")
    }

    pub(super) fn refund(&mut self, buyer: &Buyer, item: &str) -> Result<()> {
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

    pub(super) fn refused_refunds(
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
    pub(super) fn threshold(&mut self, buyer: &Buyer, item: &str) -> Result<String> {
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
