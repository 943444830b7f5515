//! Money that leaves: tax for its authority, and what a merchant is owed.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::{
    super::print::{money, text},
    Cast, Shop,
};

impl Cast {
    /// The tax of the month is set apart, its return downloaded, and both are confirmed.
    pub(super) fn remittance(&mut self, shop: &Shop) -> Result<()> {
        self.print.step("The month's tax goes to the authority: set apart, with its return");
        let month: String = self.gateway.clock.today().to_string().chars().take(7).collect();
        let wish = json!({ "authority": "DE", "period": month, "taxpayer": shop.id });
        let key = self.key();
        let made = self.operator.post("/v1/tax/remittances", Some(&key), &wish)?;
        let amount = |name: &str| money(made.get(name).unwrap_or(&Value::Null));
        self.print.say(&format!(
            "{} on {} sold in {month}; what went back in the month is in no row",
            amount("tax"),
            amount("base")
        ));
        let id = text(&made, "id").to_owned();
        self.print.postings(&id)?;
        let filed = made.get("return").cloned().unwrap_or_default();
        self.print.say(&format!("{}, {}:", text(&filed, "file_name"), text(&filed, "media_type")));
        let url = text(&filed, "url");
        let path = url.strip_prefix(&self.gateway.issuer).unwrap_or(url);
        for line in self.operator.download(path)?.lines() {
            self.print.say(&format!("  {line}"));
        }
        self.print.step("The authority has the return and the money");
        let key = self.key();
        let confirm = format!("/v1/tax/remittances/{id}/confirm");
        let confirmed = self.operator.post(&confirm, Some(&key), &json!({}))?;
        ensure!(text(&confirmed, "status") == "confirmed", "a remittance must be confirmed");
        self.print.newest_posting(&id)
    }

    /// A merchant is paid out.
    pub(super) fn payout(&mut self, shop: &Shop) -> Result<()> {
        self.print.step("The merchant is paid what it is owed");
        let wish = json!({ "merchant": shop.id, "currency": "EUR" });
        let key = self.key();
        let made = self.operator.post("/v1/payouts", Some(&key), &wish)?;
        let id = text(&made, "id").to_owned();
        let key = self.key();
        self.operator.post(&format!("/v1/payouts/{id}/confirm"), Some(&key), &json!({}))?;
        self.print.say(&money(made.get("amount").unwrap_or(&Value::Null)));
        self.print.postings(&id)
    }
}
