//! What an operator changes of a merchant. What was sold before stays as it was made.

use std::collections::BTreeSet;

use purser_core::{
    account::Taxpayer,
    ids::{EventId, MerchantId},
    record::EventRecord,
    tax::Registration,
};
use purser_money::Percent;
use purser_store::{
    event_insert,
    facts::merchant::{Merchant, StampTerms, merchant_get, merchant_update},
};
use serde_json::{Map, Value, json};

use crate::{gateway::Gateway, problem::Problem, random::id_bits};

/// The kind of the event that tells a merchant.
const UPDATED: &str = "merchant.updated";

/// What is to be different of a merchant; what is not said stays.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// Its name to people.
    pub name: Option<String>,
    /// The gateway's fee, of an item's net.
    pub fee_percent: Option<Percent>,
    /// Where its taxpayer is registered: all of it.
    pub registrations: Option<Vec<Registration>>,
    /// The origins that buyers may be sent back to: all of them.
    pub return_origins: Option<Vec<String>>,
    /// How long the money for a stamp that is given back is held.
    pub void_hold_days: Option<u32>,
}

/// Changes a merchant, and tells it. Commands that were prepared before are prepared again, so that each sale is made by
/// what held before or by what holds now. Where nothing is different nobody is told.
pub async fn change(
    gateway: &Gateway,
    id: MerchantId,
    change: Change,
) -> Result<Merchant, Problem> {
    let before = gateway.store.read(move |db| merchant_get(db, id)).await?;
    let before = before.ok_or_else(Problem::not_found)?;
    if before == change.clone().of(before.clone())? {
        return Ok(before);
    }
    let at = gateway.now();
    let changed = gateway.store.change_facts(move |db| {
        // Read again: of two changes at once the second is made to what the first has left.
        let Some(before) = merchant_get(db, id)? else { return Ok(Err(Problem::not_found())) };
        let after = match change.of(before.clone()) {
            Ok(after) => after,
            Err(problem) => return Ok(Err(problem)),
        };
        if before != after {
            merchant_update(db, &after)?;
            let data = told(&before, &after).to_string();
            let id = EventId::from_random(id_bits());
            event_insert(db, &EventRecord { id, merchant: after.id, kind: UPDATED, at, data })?;
        }
        Ok(Ok(after))
    });
    let changed = changed.await??;
    gateway.store.events_written();
    Ok(changed)
}

impl Change {
    fn of(self, before: Merchant) -> Result<Merchant, Problem> {
        let Self { name, fee_percent, registrations, return_origins, void_hold_days } = self;
        let stamps = match (before.stamps, void_hold_days) {
            (Some(terms), Some(void_hold_days)) => Some(StampTerms { void_hold_days, ..terms }),
            (None, Some(_)) => {
                let detail = "this merchant sells no postage, so no money for stamps is held";
                return Err(Problem::malformed("void_hold_days", detail));
            }
            (terms, None) => terms,
        };
        Ok(Merchant {
            name: name.unwrap_or(before.name),
            fee_percent: fee_percent.unwrap_or(before.fee_percent),
            registrations: registrations.unwrap_or(before.registrations),
            return_origins: return_origins.unwrap_or(before.return_origins),
            stamps,
            ..before
        })
    }
}

/// What the merchant is told: what it is now, and what of that is new.
fn told(before: &Merchant, after: &Merchant) -> Value {
    let (before, after) = (shown(before), shown(after));
    let new = after.iter().filter(|(name, value)| before.get(*name) != Some(value));
    // In an order that does not depend on how a map is kept.
    let changed: BTreeSet<&String> = new.map(|(name, _)| name).collect();
    json!({ "merchant": after, "changed": changed })
}

fn shown(merchant: &Merchant) -> Map<String, Value> {
    let taxpayer = match merchant.taxpayer {
        Taxpayer::Operator => "operator",
        Taxpayer::Merchant(_) => "merchant",
    };
    let members = [
        ("id", json!(merchant.id)),
        ("name", json!(merchant.name)),
        ("country", json!(merchant.country.to_string())),
        ("fee_percent", json!(merchant.fee_percent.to_string())),
        ("tax", json!({ "taxpayer": taxpayer, "registrations": merchant.registrations })),
        ("return_origins", json!(merchant.return_origins)),
        ("void_hold_days", json!(merchant.stamps.as_ref().map(|terms| terms.void_hold_days))),
    ];
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

#[cfg(test)]
mod tests {
    use purser_core::{Timestamp, place::Place};

    use super::*;

    fn merchant() -> Merchant {
        let id = MerchantId::from_random(1);
        Merchant {
            id,
            name: "Books".into(),
            country: Place::parse("DE").unwrap(),
            fee_percent: Percent::parse("1").unwrap(),
            taxpayer: Taxpayer::Merchant(id),
            registrations: Vec::new(),
            return_origins: Vec::new(),
            created_at: Timestamp::UNIX_EPOCH,
            stamps: None,
        }
    }

    #[test]
    fn what_is_not_said_stays_and_what_is_new_is_named() {
        let before = merchant();
        let change = Change {
            name: Some("Shoes".into()),
            return_origins: Some(vec!["https://shop.example".into()]),
            ..Change::default()
        };
        let after = change.of(before.clone()).unwrap();
        assert_eq!(after.fee_percent, before.fee_percent);
        let told = told(&before, &after);
        assert_eq!(told["changed"], json!(["name", "return_origins"]));
        assert_eq!(told["merchant"]["name"], "Shoes");
        assert_eq!(told["merchant"]["void_hold_days"], Value::Null);
    }

    #[test]
    fn only_who_sells_postage_holds_money_for_stamps() {
        let change = Change { void_hold_days: Some(7), ..Change::default() };
        let refused = change.clone().of(merchant()).unwrap_err();
        assert_eq!(refused.field.as_deref(), Some("void_hold_days"));
        let terms = StampTerms { plugin: "stamps-open".into(), void_hold_days: 0 };
        let post = Merchant { stamps: Some(terms), ..merchant() };
        assert_eq!(change.of(post).unwrap().stamps.unwrap().void_hold_days, 7);
    }
}
