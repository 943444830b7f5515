//! Loading a vault from a pre-paid card.

use jiff::Timestamp;
use purser_money::{Currency, Money, Percent, Rounding};

use crate::{
    account::Account,
    books::{Books, CardState, Needs},
    command::{Answer, Stop, active_vault, done_line, vault_needs},
    entry::{Entry, EntryKind, Posting},
    ids::{CardId, EntryId, LogId},
    policy::Limits,
    rate::{ConversionError, Route},
    record::{CardStatus, EvidenceRecord, LoadRecord, LogKind},
    refusal::Refusal,
};

/// A prepared load.
#[derive(Debug, Clone)]
pub struct Load {
    /// What is to be kept of it.
    pub record: LoadRecord,
    /// Gross, in the unit of account: what is credited and the spread.
    pub gross: Money,
    /// All that was left on the card when the load was prepared, if all of it is to be taken.
    pub all_of: Option<Money>,
    /// The counter of the tap, if the card was tapped.
    pub tap: Option<u32>,
    /// The limits of the buyer's country.
    pub limits: Limits,
    /// The plugin calls behind the conversion.
    pub evidence: Vec<EvidenceRecord>,
    /// Its entry.
    pub entry: EntryId,
    /// Its line in the transaction log.
    pub log: LogId,
}

/// What a load yields: gross is spread and credited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Yield {
    /// The exact value, rounded down: never in favour of whoever asks for the conversion.
    pub gross: Money,
    /// The gateway's part, rounded up.
    pub spread: Money,
    /// The rest.
    pub credited: Money,
}

/// What `taken` yields along `route`. Only a conversion bears the spread.
pub fn load_yield(taken: Money, route: &Route, spread: Percent) -> Result<Yield, ConversionError> {
    let gross = route.convert(taken, Rounding::Down)?;
    let spread = if route.from() == route.to() { Percent::ZERO } else { spread };
    let spread = spread.of(gross, Rounding::Up)?;
    let credited = gross.minus(spread)?;
    Ok(Yield { gross, spread, credited })
}

/// Whether a card may be loaded from at all. Every wrong card is refused alike.
pub fn usable(
    status: CardStatus,
    expires_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), Refusal> {
    let expired = expires_at.is_some_and(|end| now >= end);
    if status == CardStatus::Active && !expired { Ok(()) } else { Err(Refusal::CardRefused) }
}

impl Load {
    pub(crate) fn needs(&self) -> Needs {
        let mut needs = vault_needs(self.record.account);
        needs.accounts.insert(Account::Card(self.record.card));
        needs.cards.insert(self.record.card);
        needs.lock_large(&self.postings());
        needs
    }

    pub(crate) fn apply(&self, at: Timestamp, books: &mut Books) -> Result<Answer, Stop> {
        let record = &self.record;
        // A wrong card first: it is a guess, which counts, also where the vault takes nothing any more.
        let card = self.good_card(at, books)?;
        active_vault(record.account, books)?;
        self.check_left(card.currency, books)?;
        if !record.credited.is_positive() {
            return Err(Stop::Broken("a load credits nothing".to_owned()));
        }
        let after = books.vault_balance(record.account).plus(record.credited)?;
        self.limits.check_load(record.credited, after)?;
        if let (Some(counter), Some(card)) = (self.tap, books.card(record.card)) {
            books.set_card(record.card, CardState { tap_counter: Some(counter), ..card });
        }
        books.post(self.entry(at)?)?;
        let line = done_line(
            (self.log, record.account, LogKind::Load),
            at,
            record.credited,
            record.id,
            books,
        );
        let write = books.write();
        write.loads.push(record.clone());
        write.evidence.extend(self.evidence.iter().cloned());
        books.log(line);
        Ok(Answer::Loaded(Box::new(record.clone())))
    }

    fn good_card(&self, at: Timestamp, books: &Books) -> Result<CardState, Refusal> {
        let card = books.card(self.record.card).ok_or(Refusal::CardRefused)?;
        usable(card.status, card.expires_at, at)?;
        if self.tap.is_some_and(|counter| card.tap_counter.is_some_and(|seen| counter <= seen)) {
            return Err(Refusal::CardRefused);
        }
        Ok(card)
    }

    fn check_left(&self, currency: Currency, books: &Books) -> Result<(), Stop> {
        let card = Account::Card(self.record.card);
        let left = books.balance(&card).unwrap_or(Money::zero(currency));
        if left.is_zero() {
            return Err(Refusal::CardAlreadyUsed.into());
        }
        if self.all_of.is_some_and(|assumed| assumed != left) {
            return Err(Stop::Stale);
        }
        if self.record.taken.minor() > left.minor() {
            return Err(Refusal::InsufficientFunds.into());
        }
        Ok(())
    }

    fn entry(&self, at: Timestamp) -> Result<Entry, Stop> {
        Ok(Entry::new(self.entry, at, EntryKind::Load, self.record.id, self.postings())?)
    }

    fn postings(&self) -> Vec<Posting> {
        let LoadRecord { account, card, taken, credited, spread, .. } = &self.record;
        let vault = Posting::credit(Account::Vault(*account), *credited);
        load_postings(*card, *taken, self.gross, *spread, vault)
    }
}

/// The legs of a load: the card gives, the vault gets, and between two currencies stands the position.
pub fn load_postings(
    card: CardId,
    taken: Money,
    gross: Money,
    spread: Money,
    vault: Posting,
) -> Vec<Posting> {
    let (given, got) = (taken.currency(), gross.currency());
    let mut postings = vec![Posting::debit(Account::Card(card), taken)];
    if given != got {
        postings.push(Posting::credit(Account::Fx(given), taken));
        postings.push(Posting::debit(Account::Fx(got), gross));
    }
    postings.push(vault);
    postings.push(Posting::credit(Account::IncomeFx(got), spread));
    postings
}
