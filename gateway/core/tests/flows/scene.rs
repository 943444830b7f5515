//! Books under lock, a clock, and names that people can read.

use std::{cell::Cell, time::Duration};

use purser_core::{
    Timestamp,
    account::{Account, Book},
    books::{BatchState, Books, CardState, ItemState},
    command::{Answer, Decision, Prepared},
    entry::{Entry, Posting},
    ids::{AccountId, BatchId, CardId, ItemId, MerchantId},
    money::{Currency, Money},
    policy::RefundPolicy,
    record::{CardKind, CardStatus, LogRecord, Writes},
    vault::{Vault, VaultStatus},
};

use crate::make::Ask;

/// What facts every command is prepared with, unless a test says otherwise.
pub(crate) const FACTS_VERSION: i64 = 1;
/// Every name that a table may speak of.
const BUYERS: [&str; 3] = ["b", "c", "d"];
const MERCHANTS: [&str; 2] = ["m", "n"];
const CARDS: [&str; 7] = ["c1", "c2", "c3", "c4", "rest-of-b", "rest-of-c", "rest-of-d"];

/// A currency by its code.
pub(crate) fn currency(code: &str) -> Currency {
    Currency::parse(code).unwrap()
}

/// `USD 25.48`, as the tables write it.
pub(crate) fn money(text: &str) -> Money {
    let (code, amount) = text.split_once(' ').unwrap();
    Money::parse(amount, currency(code)).unwrap()
}

/// A time as RFC 3339 writes it.
pub(crate) fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn bits(name: &str) -> u128 {
    name.bytes().fold(0, |bits, byte| bits << 8 | u128::from(byte))
}

/// The buyer of that name.
pub(crate) fn buyer(name: &str) -> AccountId {
    AccountId::from_random(bits(name))
}

/// The merchant of that name.
pub(crate) fn merchant(name: &str) -> MerchantId {
    MerchantId::from_random(bits(name))
}

/// The card of that name.
pub(crate) fn card(name: &str) -> CardId {
    CardId::from_random(bits(name))
}

/// The batch of that name.
pub(crate) fn batch(name: &str) -> BatchId {
    BatchId::from_random(bits(name))
}

/// Books under lock and a clock. What a turn would read again from the database is put back after each
/// command, so that one command can follow from another.
#[derive(Clone)]
pub(crate) struct Scene {
    /// The rows.
    pub(crate) books: Books,
    /// Now.
    pub(crate) at: Timestamp,
    /// The policy in force.
    pub(crate) policy: RefundPolicy,
    ids: Cell<u128>,
}

impl Scene {
    /// Three buyers with empty vaults in US dollars, on the day of the design's rates.
    pub(crate) fn new() -> Self {
        let usd = currency("USD");
        let mut books = Books::new(FACTS_VERSION, usd);
        for name in BUYERS {
            books.load_vault(Vault {
                account: buyer(name),
                handle: name.to_owned(),
                status: VaultStatus::Active,
                refund_count: 0,
                period_started_at: None,
            });
            books.load_balance(Account::Vault(buyer(name)), Money::zero(usd));
        }
        for code in ["EUR", "JPY", "USD"] {
            let currency = currency(code);
            books.load_taken_from(Account::Float(currency), Money::zero(currency));
        }
        let at = time("2024-06-28T12:00:00Z");
        Self { books, at, policy: RefundPolicy::standard(usd), ids: Cell::new(0) }
    }

    /// A scene in which the vault of `b` holds `balance`.
    pub(crate) fn with_vault(balance: &str) -> Self {
        let mut scene = Self::new();
        scene.hold("b", balance);
        scene
    }

    /// Lets a vault hold `balance`.
    pub(crate) fn hold(&mut self, name: &str, balance: &str) {
        self.books.load_balance(Account::Vault(buyer(name)), money(balance));
    }

    /// Lets a float hold `amount`.
    pub(crate) fn float(&mut self, amount: &str) {
        let amount = money(amount);
        self.books.load_taken_from(Account::Float(amount.currency()), amount);
    }

    /// Prints a card of that face.
    pub(crate) fn print(&mut self, name: &str, kind: CardKind, face: &str) {
        let face = money(face);
        self.books.load_card(
            card(name),
            CardState {
                currency: face.currency(),
                kind,
                status: CardStatus::Inactive,
                face,
                expires_at: None,
                tap_counter: None,
            },
        );
    }

    /// Prints a batch of vouchers of that face.
    pub(crate) fn print_batch(&mut self, name: &str, cards: &[&str], face: &str) {
        for card in cards {
            self.print(card, CardKind::Voucher, face);
        }
        let cards = cards.iter().map(|name| card(name)).collect();
        let state = BatchState { active: false, cards, face: money(face) };
        self.books.load_batch(batch(name), state);
    }

    /// Puts a sold voucher with that value into the books.
    pub(crate) fn sold_card(&mut self, name: &str, value: &str) {
        self.print(name, CardKind::Voucher, value);
        self.change_card(name, |card| card.status = CardStatus::Active);
        self.books.load_balance(Account::Card(card(name)), money(value));
    }

    /// Changes what is known of a card.
    pub(crate) fn change_card(&mut self, name: &str, change: impl FnOnce(&mut CardState)) {
        let mut state = *self.books.cards().find(|(id, _)| *id == card(name)).unwrap().1;
        change(&mut state);
        self.books.load_card(card(name), state);
    }

    /// A new id's bits, unlike those of all names.
    pub(crate) fn id(&self) -> u128 {
        self.ids.set(self.ids.get() + 1);
        1 << 64 | self.ids.get()
    }

    /// Lets days pass.
    pub(crate) fn wait_days(&mut self, days: u64) {
        self.at = after_days(self.at, days);
    }

    /// A command as it reaches the teller now.
    pub(crate) fn prepared(&self, ask: impl Ask) -> Prepared {
        let command = ask.command();
        Prepared { key: None, at: self.at, facts_version: FACTS_VERSION, command }
    }

    /// Decides a command now.
    pub(crate) fn decide(&mut self, ask: impl Ask) -> Decision {
        let prepared = self.prepared(ask);
        self.decide_prepared(&prepared)
    }

    /// Decides a prepared command.
    pub(crate) fn decide_prepared(&mut self, prepared: &Prepared) -> Decision {
        let items = self.books.writes().items.len();
        let decision = prepared.decide(&mut self.books);
        let bought = self.books.writes().items[items..].to_vec();
        for record in bought {
            self.books.load_item(ItemState { record, refund: None });
        }
        decision
    }

    /// Expects that a command is done.
    #[track_caller]
    pub(crate) fn done(&mut self, ask: impl Ask) -> Answer {
        match self.decide(ask) {
            Decision::Decided(Ok(answer)) => answer,
            other => panic!("not done: {other:?}"),
        }
    }

    /// Expects that a command is refused, and that nothing but a line of the log comes of it.
    #[track_caller]
    pub(crate) fn refused(&mut self, ask: impl Ask, name: &str) {
        let before = self.state();
        let decision = self.decide(ask);
        let Decision::Decided(Err(refusal)) = decision else {
            panic!("not refused: {decision:?}");
        };
        assert_eq!(refusal.name(), name);
        assert_eq!(self.state(), before, "a refused command changed the books");
    }

    /// Expects that a command would break an invariant, and that nothing comes of it.
    #[track_caller]
    pub(crate) fn broken(&mut self, ask: impl Ask) -> String {
        let before = self.state();
        let log = self.books.writes().log.len();
        let decision = self.decide(ask);
        let Decision::Broken(why) = decision else { panic!("not broken: {decision:?}") };
        assert_eq!(self.state(), before, "a broken command changed the books");
        assert_eq!(self.books.writes().log.len(), log);
        why
    }

    /// Expects that a command does not fit into the books, and that nothing comes of it.
    #[track_caller]
    pub(crate) fn too_large(&mut self, ask: impl Ask) {
        let before = self.state();
        let log = self.books.writes().log.len();
        assert_eq!(self.decide(ask), Decision::TooLarge);
        assert_eq!(self.state(), before, "a command that does not fit changed the books");
        assert_eq!(self.books.writes().log.len(), log);
    }

    /// Expects that a command must be prepared again, and that nothing comes of it.
    #[track_caller]
    pub(crate) fn stale(&mut self, prepared: &Prepared) {
        let before = self.state();
        let log = self.books.writes().log.len();
        assert_eq!(self.decide_prepared(prepared), Decision::Stale);
        assert_eq!(self.state(), before, "a stale command changed the books");
        assert_eq!(self.books.writes().log.len(), log);
    }

    /// Expects that a command makes these entries: a line for the kind of each, then one for each leg.
    #[track_caller]
    pub(crate) fn check(&mut self, ask: impl Ask, expected: &str) -> Answer {
        let entries = self.books.writes().entries.len();
        let decision = self.decide(ask);
        let Decision::Decided(Ok(answer)) = decision else { panic!("not done: {decision:?}") };
        let made = self.books.writes().entries[entries..].iter().flat_map(lines);
        let expected: Vec<&str> =
            expected.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        assert_eq!(made.collect::<Vec<_>>(), expected);
        answer
    }

    /// What an account holds, in the tables' words.
    pub(crate) fn balance(&self, account: &Account) -> String {
        let (_, balance) = self.books.balances().find(|(known, _)| *known == account).unwrap();
        written(balance)
    }

    /// What a vault holds.
    pub(crate) fn vault(&self, name: &str) -> String {
        self.balance(&Account::Vault(buyer(name)))
    }

    /// A vault's row.
    pub(crate) fn vault_row(&self, name: &str) -> &Vault {
        self.books.vaults().find(|vault| vault.account == buyer(name)).unwrap()
    }

    /// The last line of all logs.
    pub(crate) fn last_line(&self) -> &LogRecord {
        self.books.writes().log.last().unwrap()
    }

    /// The log, newest last: kind, outcome, amount, balance.
    pub(crate) fn log(&self) -> Vec<String> {
        let line = |line: &LogRecord| {
            let (amount, balance) = (written(line.amount), written(line.balance));
            format!("{} {} {amount} -> {balance}", line.kind.name(), line.outcome)
        };
        self.books.writes().log.iter().map(line).collect()
    }

    /// The item at `index` of all that were bought.
    pub(crate) fn item(&self, index: usize) -> ItemId {
        self.books.writes().items[index].id
    }

    /// All that a refused command must leave as it was: everything but the log.
    pub(crate) fn state(&self) -> (Vec<String>, Writes) {
        let books = &self.books;
        let mut rows: Vec<String> = books.balances().map(|row| format!("{row:?}")).collect();
        rows.extend(books.deltas().map(|row| format!("{row:?}")));
        rows.extend(books.vaults().map(|row| format!("{row:?}")));
        rows.extend(books.cards().map(|row| format!("{row:?}")));
        rows.extend(books.batches().map(|row| format!("{row:?}")));
        rows.extend(books.vendors().map(|row| format!("{row:?}")));
        rows.extend(books.stamps().map(|row| format!("{row:?}")));
        rows.sort();
        (rows, Writes { log: Vec::new(), ..books.writes().clone() })
    }
}

/// Days of 24 hours.
pub(crate) fn after_days(at: Timestamp, days: u64) -> Timestamp {
    at + Duration::from_secs(days * 24 * 60 * 60)
}

/// A microsecond later.
pub(crate) fn next_moment(at: Timestamp) -> Timestamp {
    at + Duration::from_micros(1)
}

/// A microsecond earlier.
pub(crate) fn last_moment(at: Timestamp) -> Timestamp {
    at - Duration::from_micros(1)
}

fn lines(entry: &Entry) -> Vec<String> {
    let kind = entry.kind().name().to_owned();
    std::iter::once(kind).chain(entry.postings().iter().map(line)).collect()
}

fn line(posting: &Posting) -> String {
    let Posting { account, side, amount } = posting;
    let book = if account.book() == Book::Memo { "memo: " } else { "" };
    format!("{book}{} {} {}", side.name(), named(&account.to_string()), written(*amount))
}

fn written(money: Money) -> String {
    format!("{} {}", money.currency(), money.amount())
}

/// An account with names for ids.
fn named(account: &str) -> String {
    let buyers = BUYERS.map(|name| (buyer(name).to_string(), name));
    let merchants = MERCHANTS.map(|name| (merchant(name).to_string(), name));
    let cards = CARDS.map(|name| (card(name).to_string(), name));
    let names = buyers.iter().chain(&merchants).chain(&cards);
    names.fold(account.to_owned(), |account, (id, name)| account.replace(id, name))
}
