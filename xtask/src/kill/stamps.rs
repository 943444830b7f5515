//! The stamps that buyers hold, and the proof that there are those and no others.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, ensure};
use fastrand::Rng;
use serde_json::Value;

use super::command::{Kind, Stamp};
use crate::http::{Client, Request};
use crate::shop::text;

/// What buys a stamp for a letter from this vendor.
pub(super) fn letter(vendor: &str) -> String {
    format!(
        r#"{{"vendor":"{vendor}","origin":"DE","destination":"DE","weight_g":20,"service":"letter"}}"#
    )
}

/// All stamps of a buyer.
pub(super) fn listed(token: &str, client: &mut Client) -> Result<Vec<Value>> {
    let mut stamps = Vec::new();
    let mut after = String::new();
    loop {
        let path = format!("/v1/stamps?limit=100{after}");
        let page = client.expect(200, Request::get(&path).by(token))?;
        let found = page.get("data").and_then(Value::as_array).context("no list of stamps")?;
        stamps.extend(found.iter().cloned());
        match page.get("next").and_then(Value::as_str) {
            Some(next) => after = format!("&after={next}"),
            None => return Ok(stamps),
        }
    }
}

pub(super) struct Stamps {
    vendor: String,
    by_buyer: Vec<Mutex<OfBuyer>>,
}

#[derive(Default)]
struct OfBuyer {
    unused: Vec<Stamp>,
    acknowledged: BTreeSet<String>,
}

impl Stamps {
    pub(super) fn sold_by(vendor: String, buyers: usize) -> Self {
        Self { vendor, by_buyer: (0..buyers).map(|_| Mutex::default()).collect() }
    }

    /// What buys a stamp for a letter.
    pub(super) fn letter(&self) -> String {
        letter(&self.vendor)
    }

    /// What one of the buyer's stamps is used for, as nobody else will: a void. As often there is none.
    pub(super) fn draw(&self, buyer: usize, random: &mut Rng) -> Result<Option<(Kind, String)>> {
        let stamp = self.with(buyer, |own| {
            (own.unused.len() > 2)
                .then(|| own.unused.swap_remove(random.usize(0..own.unused.len())))
        })?;
        let stamp = stamp.filter(|_| random.bool());
        Ok(stamp.map(|Stamp { id }| (Kind::Void { stamp: id }, "{}".to_owned())))
    }

    pub(super) fn bought(&self, buyer: usize, stamp: Stamp) -> Result<()> {
        self.with(buyer, |own| {
            own.acknowledged.insert(stamp.id.clone());
            own.unused.push(stamp);
        })
    }

    /// Holds the buyer's list against the answers, and gives how many stamps there are.
    pub(super) fn agree_with(
        &self,
        buyer: usize,
        token: &str,
        client: &mut Client,
    ) -> Result<usize> {
        let mut found = BTreeSet::new();
        for stamp in listed(token, client)? {
            let id = text(&stamp, "/id");
            ensure!(!text(&stamp, "/indicium").is_empty(), "{id} has no indicium: {stamp}");
            ensure!(found.insert(id.to_owned()), "{id} is there twice");
        }
        let known = self.with(buyer, |own| own.acknowledged.clone())?;
        let odd: Vec<&String> = known.symmetric_difference(&found).collect();
        ensure!(odd.is_empty(), "stamps without an answer, or answers without a stamp: {odd:?}");
        Ok(found.len())
    }

    fn with<T>(&self, buyer: usize, change: impl FnOnce(&mut OfBuyer) -> T) -> Result<T> {
        let own = self.by_buyer.get(buyer).context("no such buyer")?;
        Ok(change(&mut own.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}
