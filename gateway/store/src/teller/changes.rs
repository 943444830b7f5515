//! What a turn changed of what it had found.

use std::collections::{HashMap, HashSet};

use purser_core::{
    Timestamp,
    account::Account,
    books::{Books, CardState},
    ids::{AccountId, BatchId, CardId, MerchantId, StampId},
    money::Money,
    record::{EvidenceId, EvidenceRecord, OfferUse},
    stamp::{Stamp, StampState, register::Vendor},
    vault::Vault,
};

use super::{
    batch::{Fault, Found},
    journal::{BalanceRow, DeltaRow},
    rows::{KeyRow, OfferRow, VaultChange},
    stamps::{RegisterChange, StampChange},
};
use crate::StoreError;

/// The rows as they were, to tell which changed.
#[derive(Default)]
pub(super) struct Before {
    pub(super) balances: HashMap<Account, Money>,
    pub(super) vaults: HashMap<AccountId, Vault>,
    pub(super) cards: HashMap<CardId, CardState>,
    pub(super) batches: HashMap<BatchId, bool>,
    pub(super) vendors: HashMap<MerchantId, Vendor>,
    pub(super) stamps: HashMap<StampId, StampState>,
}

/// What a turn writes besides the books' own records.
pub(super) struct Changes<'a> {
    pub(super) books: &'a Books,
    before: &'a Before,
    /// The keys that were answered first in this turn, sorted.
    pub(super) keys: Vec<KeyRow<'a>>,
    /// The evidence that is not known to be there, each once, sorted.
    pub(super) evidence: Vec<&'a EvidenceRecord>,
    /// Accounts whose identity is destroyed, and when.
    pub(super) erased: Vec<(AccountId, Timestamp)>,
    nonce: u64,
}

impl<'a> Changes<'a> {
    pub(super) fn new(
        found: &'a Found<'_>,
        mut keys: Vec<KeyRow<'a>>,
        erased: Vec<(AccountId, Timestamp)>,
        known: &HashSet<EvidenceId>,
    ) -> Result<Self, Fault> {
        keys.sort_by(|one, other| (one.scope, one.key).cmp(&(other.scope, other.key)));
        let (books, before) = (&found.books, &found.before);
        let evidence = unknown_evidence(books, known);
        Ok(Self { books, before, keys, evidence, erased, nonce: nonce()? })
    }

    /// The guarded balances that changed.
    pub(super) fn balances(&self) -> Vec<BalanceRow> {
        let changed = |(account, balance): &(&Account, Money)| {
            self.before.balances.get(*account) != Some(balance)
        };
        let rows = self.books.balances().filter(changed);
        let mut rows: Vec<_> =
            rows.map(|(account, balance)| BalanceRow::guarded(account, balance)).collect();
        rows.sort_by(|one, other| one.name.cmp(&other.name));
        rows
    }

    /// What the turn adds to open accounts.
    pub(super) fn deltas(&self) -> Vec<DeltaRow> {
        let deltas = self.books.deltas().filter(|(_, delta)| !delta.is_zero());
        let row = |(n, (account, delta)): (usize, (&Account, Money))| DeltaRow {
            id: format!("{:016x}{n:04x}", self.nonce),
            name: account.to_string(),
            currency: delta.currency().code(),
            amount: delta.minor(),
        };
        deltas.enumerate().map(row).collect()
    }

    /// The vaults that changed.
    pub(super) fn vaults(&self) -> Vec<VaultChange> {
        let changed = |vault: &&Vault| self.before.vaults.get(&vault.account) != Some(*vault);
        self.books.vaults().filter(changed).map(VaultChange::new).collect()
    }

    /// The cards that changed: status and the highest counter of a tap.
    pub(super) fn cards(&self) -> Vec<(String, &'static str, Option<i64>)> {
        let changed =
            |(card, state): &(CardId, &CardState)| self.before.cards.get(card) != Some(*state);
        let cards = self.books.cards().filter(changed);
        cards
            .map(|(card, state)| {
                (card.to_string(), state.status.name(), state.tap_counter.map(i64::from))
            })
            .collect()
    }

    /// The batches that were sold.
    pub(super) fn batches_sold(&self) -> impl Iterator<Item = BatchId> {
        let sold = |(batch, active): &(BatchId, bool)| {
            *active && self.before.batches.get(batch) != Some(&true)
        };
        let batches = self.books.batches().map(|(batch, state)| (batch, state.active));
        batches.filter(sold).map(|(batch, _)| batch)
    }

    /// The vendors that sold something, with how many stamps they have sold.
    pub(super) fn vendors(&self) -> Result<Vec<(String, i64)>, StoreError> {
        let row = |(merchant, vendor): (MerchantId, &Vendor)| {
            let id = merchant.to_string();
            let items = i64::try_from(vendor.items);
            Ok((id.clone(), items.map_err(|_| StoreError::corrupt("stamp_vendor", &id))?))
        };
        self.vendors_changed().map(row).collect()
    }

    /// The registers that grew.
    pub(super) fn registers(&self) -> Result<Vec<RegisterChange>, StoreError> {
        let mut rows = Vec::new();
        for (merchant, vendor) in self.vendors_changed() {
            let before = self.before.vendors.get(&merchant);
            for (currency, register) in &vendor.registers {
                if before.and_then(|before| before.registers.get(currency)) != Some(register) {
                    rows.push(RegisterChange::new(merchant, *currency, register)?);
                }
            }
        }
        Ok(rows)
    }

    fn vendors_changed(&self) -> impl Iterator<Item = (MerchantId, &Vendor)> {
        let changed = |(merchant, vendor): &(MerchantId, &Vendor)| {
            self.before.vendors.get(merchant) != Some(*vendor)
        };
        self.books.vendors().filter(changed)
    }

    /// The stamps of which something became. New ones are records of their own.
    pub(super) fn stamps(&self) -> Result<Vec<StampChange>, StoreError> {
        let changed = |stamp: &&Stamp| {
            let before = self.before.stamps.get(&stamp.record.id);
            before.is_some_and(|before| *before != stamp.state)
        };
        self.books.stamps().filter(changed).map(StampChange::new).collect()
    }

    /// The single-use offers that were bought, sorted.
    pub(super) fn offers(&self) -> Vec<OfferRow<'_>> {
        let mut offers: Vec<&OfferUse> = self.books.writes().offers_used.iter().collect();
        offers.sort();
        offers.into_iter().map(OfferRow::new).collect()
    }
}

/// Evidence that may not be there yet, each once, in one order for all processes.
fn unknown_evidence<'a>(books: &'a Books, known: &HashSet<EvidenceId>) -> Vec<&'a EvidenceRecord> {
    let evidence = books.writes().evidence.iter();
    let mut evidence: Vec<_> = evidence.filter(|evidence| !known.contains(&evidence.id)).collect();
    evidence.sort_by_key(|evidence| evidence.id);
    evidence.dedup_by_key(|evidence| evidence.id);
    evidence
}

fn nonce() -> Result<u64, Fault> {
    getrandom::u64().map_err(|error| Fault::Retry(error.to_string()))
}
