//! The demo's output: each step with its amounts, and beside them the postings it made.

use std::collections::BTreeMap;

use anyhow::Result;
use purser_core::{
    account::{Account, Side},
    entry::{Entry, Posting},
};
use purser_money::{Currency, Money};
use purser_store::read::entry::entries_of;
use serde_json::Value;

use crate::gateway::Gateway;

/// Where the postings start.
const MARGIN: usize = 8;

/// A batch of many cards has as many postings alike.
const SHOWN_MAX: usize = 16;

/// Tells the story.
pub(super) struct Teller {
    gateway: Gateway,
    step: u32,
    names: BTreeMap<String, String>,
}

impl Teller {
    pub(super) fn new(gateway: Gateway) -> Self {
        Self { gateway, step: 0, names: BTreeMap::new() }
    }

    /// Calls an id by a name that people remember.
    pub(super) fn call(&mut self, id: &str, name: &str) {
        self.names.insert(id.to_owned(), name.to_owned());
    }

    /// Calls the card that an object's postings name by a name that people remember.
    pub(super) fn call_card_of(&mut self, object: &str, name: &str) -> Result<()> {
        for entry in self.gateway.store.read_now(|db| entries_of(db, object))? {
            for posting in entry.postings() {
                if let Account::Card(card) = posting.account {
                    self.call(&card.to_string(), name);
                }
            }
        }
        Ok(())
    }

    /// The headline of a step.
    pub(super) fn step(&mut self, title: &str) {
        self.step = self.step.saturating_add(1);
        println!("\n{:>3}. {title}", self.step);
    }

    /// A line about it.
    pub(super) fn say(&self, line: &str) {
        println!("     {line}");
    }

    /// The postings that the journal holds for an object.
    pub(super) fn postings(&self, object: &str) -> Result<()> {
        for entry in self.gateway.store.read_now(|db| entries_of(db, object))? {
            self.entry(&entry);
        }
        Ok(())
    }

    /// The postings that were made for an object last.
    pub(super) fn newest_posting(&self, object: &str) -> Result<()> {
        let entries = self.gateway.store.read_now(|db| entries_of(db, object))?;
        if let Some(newest) = entries.last() {
            self.entry(newest);
        }
        Ok(())
    }

    fn entry(&self, entry: &Entry) {
        println!("{:MARGIN$}{} entry", "", entry.kind().name());
        let postings = debits_first(entry.postings());
        let shown = postings.len().min(SHOWN_MAX);
        for posting in postings.iter().take(shown) {
            let side = match posting.side {
                Side::Debit => "Dr",
                Side::Credit => "  Cr",
            };
            let account = self.named(&posting.account.to_string());
            println!("{:MARGIN$}  {side:<4} {account:<40} {:>14}", "", posting.amount.to_string());
        }
        let more = postings.len().saturating_sub(shown);
        if more > 0 {
            println!("{:MARGIN$}  ... and {more} more like the last", "");
        }
    }

    fn named(&self, account: &str) -> String {
        let parts =
            account.split(':').map(|part| self.names.get(part).map_or(part, String::as_str));
        parts.collect::<Vec<_>>().join(":")
    }
}

/// As books are read: what balances stands together, its debits first.
fn debits_first(postings: &[Posting]) -> Vec<&Posting> {
    let group = |posting: &Posting| (posting.account.book(), posting.amount.currency());
    let first = |of: &Posting| postings.iter().position(|posting| group(posting) == group(of));
    let mut sorted: Vec<&Posting> = postings.iter().collect();
    sorted.sort_by_key(|posting| (first(posting), posting.side == Side::Credit));
    sorted
}

/// An amount of an answer, for people.
pub(super) fn money(value: &Value) -> String {
    let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
    match Currency::parse(text("currency"))
        .and_then(|currency| Money::parse(text("amount"), currency))
    {
        Ok(money) => crate::format::for_people(money),
        Err(_) => format!("{} {}", text("amount"), text("currency")),
    }
}

/// A text member of an answer.
pub(super) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}
