//! One turn of the teller: load what the commands need under lock, decide them in order, write what changed.

use std::collections::{BTreeSet, HashMap, HashSet};

use purser_core::{
    Timestamp,
    account::Account,
    books::{Books, CardState, Needs},
    command::{Answer, Decision, KeyClaim, Outcome, Prepared},
    ids::{AccountId, BatchId, CardId, MerchantId},
    money::{Currency, Money},
    record::EvidenceId,
    stamp::{Stamp, register::Vendor},
    vault::Vault,
};

use super::{
    Reply, SubmitError,
    changes::{Before, Changes},
    outgoing, postgres,
    rows::{KeyRow, micros},
    sqlite,
    transaction::{begin, commit, roll_back},
};
use crate::{
    Connection, StoreError,
    connection::EitherConnection,
    facts::{card::batch_sell, identity::identity_erase},
    idempotency::Answered,
    open_account::open_balances_lock,
    read::row::json_text,
};

/// What a command gets.
pub(super) type Verdict = Result<Reply, SubmitError>;

/// A key's name: who chose it, and what.
pub(super) type KeyName<'a> = (&'a str, &'a str);

/// Why a turn did not commit.
#[derive(Debug)]
pub(super) enum Fault {
    /// It may work when it is tried again. Whether it did commit is unknown when the connection is lost then;
    /// trying again looks the keys up first, so that nothing happens twice.
    Retry(String),
    /// It will fail the same way again.
    Broken(String),
}

/// The rows that a turn locks, all commands together.
#[derive(Default)]
pub(super) struct Wanted<'a> {
    pub(super) needs: Needs,
    pub(super) keys: BTreeSet<KeyName<'a>>,
}

/// What was found under lock.
pub(super) struct Found<'a> {
    pub(super) books: Books,
    pub(super) before: Before,
    pub(super) answered: HashMap<KeyName<'a>, Answered>,
}

/// A turn that was committed.
pub(super) struct Settled {
    pub(super) verdicts: Vec<Verdict>,
    pub(super) facts_version: i64,
    pub(super) evidence: Vec<EvidenceId>,
    pub(super) accounts: Vec<AccountId>,
    pub(super) merchants: Vec<MerchantId>,
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable => Self::Retry(error.to_string()),
            StoreError::Corrupt { .. } | StoreError::Database(_) => Self::Broken(error.to_string()),
        }
    }
}

impl From<diesel::result::Error> for Fault {
    fn from(error: diesel::result::Error) -> Self {
        StoreError::from(error).into()
    }
}

/// Decides `commands` in one database transaction.
pub(super) fn turn(
    conn: &mut Connection,
    unit: Currency,
    commands: &[&Prepared],
    known: &HashSet<EvidenceId>,
) -> Result<Settled, Fault> {
    begin(conn)?;
    let settled = decide_and_write(conn, unit, commands, known);
    let settled = settled.and_then(|settled| commit(conn).map(|()| settled));
    if settled.is_err() {
        roll_back(conn);
    }
    settled
}

fn decide_and_write(
    conn: &mut Connection,
    unit: Currency,
    commands: &[&Prepared],
    known: &HashSet<EvidenceId>,
) -> Result<Settled, Fault> {
    let wanted = Wanted::of(commands);
    let mut found = match conn {
        EitherConnection::Sqlite(conn) => sqlite::load(conn, unit, &wanted)?,
        EitherConnection::Postgres(conn) => postgres::load(conn, unit, &wanted)?,
    };
    let mut open = found.books.floats_of_unsold();
    open.extend(wanted.needs.taken_from.iter().cloned());
    for (account, held) in open_balances_lock(conn, &open)? {
        found.books.load_taken_from(account, held);
    }
    outgoing::load(conn, &wanted.needs, &mut found.books)?;
    let facts_version = found.books.facts_version;
    let mut erased = Vec::new();
    let mut keys = Vec::new();
    let mut verdicts = Vec::with_capacity(commands.len());
    for command in commands {
        let verdict = found.decide(command, &mut keys)?;
        if let Some(account) = erased_account(command, &verdict) {
            erased.push((account, command.at));
        }
        verdicts.push(verdict);
    }
    let changes = Changes::new(&found, keys, erased, known)?;
    // Batches before cards, so that a card that was blocked in the same turn stays blocked.
    for batch in changes.batches_sold() {
        batch_sell(conn, batch)?;
    }
    match conn {
        EitherConnection::Sqlite(conn) => sqlite::write(conn, &changes)?,
        EitherConnection::Postgres(conn) => postgres::write(conn, &changes)?,
    }
    outgoing::write(conn, changes.books.writes())?;
    for (account, at) in &changes.erased {
        identity_erase(conn, *account, *at)?;
    }
    let evidence = changes.evidence.iter().map(|evidence| evidence.id).collect();
    let writes = found.books.writes();
    let accounts: BTreeSet<AccountId> = writes.log.iter().map(|line| line.account).collect();
    let merchants: BTreeSet<MerchantId> =
        writes.events.iter().map(|event| event.merchant).collect();
    let (accounts, merchants) = (accounts.into_iter().collect(), merchants.into_iter().collect());
    Ok(Settled { verdicts, facts_version, evidence, accounts, merchants })
}

impl<'a> Wanted<'a> {
    /// The buyers whose transaction logs may grow: those whose vaults' balances are seen.
    pub(super) fn logs(&self) -> impl Iterator<Item = AccountId> {
        self.needs.accounts.iter().filter_map(|account| match account {
            Account::Vault(account) => Some(*account),
            _ => None,
        })
    }

    fn of(commands: &[&'a Prepared]) -> Self {
        let mut wanted = Self::default();
        for command in commands {
            let Needs {
                batches,
                accounts,
                vaults,
                cards,
                items,
                offers,
                vendors,
                stamps,
                pending_voids,
                taken_from,
                outgoing,
                tax_accounts,
            } = command.needs();
            wanted.needs.batches.extend(batches);
            wanted.needs.accounts.extend(accounts);
            wanted.needs.vaults.extend(vaults);
            wanted.needs.cards.extend(cards);
            wanted.needs.items.extend(items);
            wanted.needs.offers.extend(offers);
            wanted.needs.vendors.extend(vendors);
            wanted.needs.stamps.extend(stamps);
            wanted.needs.pending_voids.extend(pending_voids);
            wanted.needs.taken_from.extend(taken_from);
            wanted.needs.outgoing.extend(outgoing);
            wanted.needs.tax_accounts.extend(tax_accounts);
            wanted.keys.extend(command.key.as_ref().map(KeyClaim::name));
        }
        wanted
    }
}

/// A key without its fingerprint.
trait Named {
    fn name(&self) -> KeyName<'_>;
}

impl Named for KeyClaim {
    fn name(&self) -> KeyName<'_> {
        (&self.scope, &self.key)
    }
}

impl<'a> Found<'a> {
    pub(super) fn new(facts_version: i64, unit: Currency) -> Self {
        Self {
            books: Books::new(facts_version, unit),
            before: Before::default(),
            answered: HashMap::new(),
        }
    }

    pub(super) fn balance(&mut self, account: &Account, balance: Money) {
        self.before.balances.insert(account.clone(), balance);
        self.books.load_balance(account.clone(), balance);
    }

    /// A guarded account without a row. A vault's is at zero from the start; others are opened by commands.
    pub(super) fn no_balance(&mut self, account: &Account, unit: Currency) {
        if matches!(account, Account::Vault(_)) {
            self.balance(account, Money::zero(unit));
        }
    }

    pub(super) fn vault(&mut self, vault: Vault) {
        self.before.vaults.insert(vault.account, vault.clone());
        self.books.load_vault(vault);
    }

    pub(super) fn card(&mut self, (card, state): (CardId, CardState)) {
        self.before.cards.insert(card, state);
        self.books.load_card(card, state);
    }

    pub(super) fn batch(&mut self, batch: BatchId, state: purser_core::books::BatchState) {
        self.before.batches.insert(batch, state.active);
        self.books.load_batch(batch, state);
    }

    pub(super) fn vendor(&mut self, (merchant, vendor): (MerchantId, Vendor)) {
        self.before.vendors.insert(merchant, vendor.clone());
        self.books.load_vendor(merchant, vendor);
    }

    pub(super) fn stamp(&mut self, stamp: Stamp) {
        self.before.stamps.insert(stamp.record.id, stamp.state.clone());
        self.books.load_stamp(stamp);
    }

    /// The newest line of a buyer's transaction log.
    pub(super) fn log_latest(&mut self, account: AccountId, at: Timestamp) {
        self.books.load_log_latest(account, at);
    }

    /// The same key gets the same answer; a key for something else is refused.
    fn decide(
        &mut self,
        command: &'a Prepared,
        keys: &mut Vec<KeyRow<'a>>,
    ) -> Result<Verdict, Fault> {
        let claim = command.key.as_ref();
        if let Some(claim) = claim
            && let Some((fingerprint, outcome)) = self.answered.get(&claim.name())
        {
            if *fingerprint != claim.fingerprint {
                return Ok(Err(SubmitError::KeyReused));
            }
            return Ok(Ok(Reply { outcome: outcome.clone(), replayed: true }));
        }
        let outcome = match command.decide(&mut self.books) {
            Decision::Decided(outcome) => outcome,
            Decision::Stale => return Ok(Err(SubmitError::Stale)),
            Decision::TooLarge => return Ok(Err(SubmitError::TooLarge)),
            Decision::Broken(why) => return Ok(Err(SubmitError::Broken(why))),
        };
        if let Some(claim) = claim {
            keys.push(key_row(claim, &outcome, command)?);
            self.answered.insert(claim.name(), (claim.fingerprint, outcome.clone()));
        }
        Ok(Ok(Reply { outcome, replayed: false }))
    }
}

fn key_row<'a>(
    claim: &'a KeyClaim,
    outcome: &Outcome,
    command: &Prepared,
) -> Result<KeyRow<'a>, Fault> {
    Ok(KeyRow {
        scope: &claim.scope,
        key: &claim.key,
        fingerprint: &claim.fingerprint,
        outcome: json_text(outcome)?,
        at: micros(command.at),
    })
}

fn erased_account(command: &Prepared, verdict: &Verdict) -> Option<AccountId> {
    let Ok(Reply { outcome: Ok(Answer::Erased { .. }), replayed: false }) = verdict else {
        return None;
    };
    match &command.command {
        purser_core::command::Command::EraseAccount(erase) => Some(erase.account),
        _ => None,
    }
}
