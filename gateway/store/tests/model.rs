//! A small model in memory, and both databases beside it: whatever is asked in whatever order, they agree.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails loudly"
)]

mod databases;
mod world;

use std::collections::{HashMap, HashSet};

use databases::{Database, block_on, on_both};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use purser_core::{
    Timestamp,
    command::{Command, Prepared},
    ids::{AccountId, CardId},
    jws::{self, Keyring, SigningKey},
    money::Money,
    policy::RefundPolicy,
    record::ItemRecord,
    secret::Secret,
};
use purser_store::{
    Reply, Store,
    read::{card::card_left, vault::vault_view},
};
use world::*;

const BUYERS: usize = 3;
const CARDS: usize = 4;
const DAY: i64 = 86_400;

/// What is asked of the teller; numbers choose among what is there.
#[derive(Debug, Clone)]
enum Ask {
    Load { buyer: usize, card: usize, taken: i64 },
    Buy { buyer: usize, merchants: Vec<u8>, net: i64, single_use: Option<u8> },
    Refund { buyer: usize, item: usize },
    Goodwill { item: usize },
    Transfer { from: usize, to: usize, amount: i64 },
    Again { command: usize },
}

/// A step: commands that are asked at once, or something that happens behind the teller.
#[derive(Debug, Clone)]
enum Step {
    Ask(Vec<Ask>),
    Days(i64),
    Roll,
    Seal,
    Place,
}

fn ask() -> impl Strategy<Value = Ask> {
    let buyer = || 0..BUYERS;
    prop_oneof![
        // One cent of EUR would be eaten by the spread, which no prepared load is.
        3 => (buyer(), 0..CARDS, 2..6_000_i64).prop_map(|(buyer, card, taken)| Ask::Load { buyer, card, taken }),
        5 => (buyer(), prop::collection::vec(0..3_u8, 1..4), 100..2_500_i64, prop::option::weighted(0.3, 0..3_u8))
            .prop_map(|(buyer, merchants, net, single_use)| Ask::Buy { buyer, merchants, net, single_use }),
        5 => (buyer(), 0..64_usize).prop_map(|(buyer, item)| Ask::Refund { buyer, item }),
        1 => (0..64_usize).prop_map(|item| Ask::Goodwill { item }),
        2 => (buyer(), buyer(), 1..3_000_i64).prop_map(|(from, to, amount)| Ask::Transfer { from, to, amount }),
        3 => (0..64_usize).prop_map(|command| Ask::Again { command }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => prop::collection::vec(ask(), 1..12).prop_map(Step::Ask),
        1 => (1..60_i64).prop_map(Step::Days),
        1 => Just(Step::Roll),
        1 => Just(Step::Seal),
        1 => Just(Step::Place),
    ]
}

/// Low enough that vaults close and limits are met.
fn policy() -> RefundPolicy {
    RefundPolicy { max_count: 4, max_total: usd(4_000), window_days: 14, period_days: 30 }
}

#[derive(Debug, Clone)]
struct Buyer {
    account: AccountId,
    balance: i64,
    active: bool,
    refunded: i64,
    refunds: u32,
    period: Option<i64>,
}

/// The rules once more, as plainly as they can be said.
struct Model {
    now: i64,
    buyers: Vec<Buyer>,
    cards: Vec<(CardId, Money)>,
    items: Vec<(ItemRecord, i64, bool)>,
    /// How many of them their buyers know of: an item's name is told by the answer to its purchase.
    items_known: usize,
    offers_used: HashSet<(u8, u8)>,
    answers: Vec<(Prepared, Reply)>,
}

impl Model {
    async fn start(store: &Store, now: i64) -> Self {
        let mut buyers = Vec::new();
        for _ in 0..BUYERS {
            let account = buyer(store).await;
            let nothing =
                Buyer { account, balance: 0, active: true, refunded: 0, refunds: 0, period: None };
            buyers.push(nothing);
        }
        let (dollars, euros) = (usd(10_000), eur(10_000));
        let mut sold = cards(store, CARDS / 2, dollars)
            .await
            .into_iter()
            .map(|card| (card, dollars))
            .collect::<Vec<_>>();
        sold.extend(cards(store, CARDS / 2, euros).await.into_iter().map(|card| (card, euros)));
        Self {
            now,
            buyers,
            cards: sold,
            items: Vec::new(),
            items_known: 0,
            offers_used: HashSet::new(),
            answers: Vec::new(),
        }
    }

    fn at(&self) -> Timestamp {
        at(self.now)
    }

    fn of(&self, account: AccountId) -> usize {
        self.buyers.iter().position(|buyer| buyer.account == account).unwrap()
    }

    /// What is to be sent for this, and what is to come of it. A command that was sent before comes again.
    fn apply(&mut self, ask: &Ask, sent: &[Prepared], store: &Store) -> Option<(Prepared, Said)> {
        let (command, said) = match ask {
            Ask::Again { command } => {
                let again = sent.get(command % sent.len().max(1))?;
                return Some((again.clone(), Said::AsBefore));
            }
            Ask::Load { buyer, card, taken } => self.load(*buyer, *card, *taken),
            Ask::Buy { buyer, merchants, net, single_use } => {
                self.buy(*buyer, merchants, *net, *single_use)
            }
            Ask::Refund { buyer, item } => self.refund(*buyer, *item)?,
            Ask::Goodwill { item } => self.goodwill(*item)?,
            Ask::Transfer { from, to, amount } => self.transfer(*from, *to, *amount),
        };
        Some((Prepared { at: self.at(), ..prepared(store, command) }, Said::Now(said)))
    }

    fn load(&mut self, buyer: usize, card: usize, taken: i64) -> (Command, &'static str) {
        let (id, left) = self.cards[card];
        let taken = Money::new(taken, left.currency());
        let command = load(self.buyers[buyer].account, id, taken);
        let Command::Load(asked) = &command else { panic!("a load") };
        let credited = asked.record.credited.minor();
        let said = if !self.buyers[buyer].active {
            "vault-inactive"
        } else if left.is_zero() {
            "card-already-used"
        } else if left.minor() < taken.minor() {
            "insufficient-funds"
        } else {
            self.cards[card].1 = left.minus(taken).unwrap();
            self.buyers[buyer].balance += credited;
            "done"
        };
        (command, said)
    }

    fn buy(
        &mut self,
        buyer: usize,
        sellers: &[u8],
        net: i64,
        single: Option<u8>,
    ) -> (Command, &'static str) {
        let lines: Vec<_> =
            sellers.iter().map(|seller| (merchant(u128::from(*seller) + 1), net)).collect();
        let mut bought = purchase(self.buyers[buyer].account, &lines);
        let at = self.at();
        bought.record.at = at;
        bought.items.iter_mut().for_each(|item| item.at = at);
        bought.events.iter_mut().for_each(|event| event.at = at);
        let mut offers = HashSet::new();
        if let Some(single) = single {
            // Offers of earlier cases are in the same database.
            bought = single_use(bought, &format!("{}-{single}", self.buyers[0].account));
            offers = sellers.iter().map(|seller| (*seller, single)).collect();
        }
        let total = bought.record.total.minor();
        let twice = single.is_some() && offers.len() < sellers.len();
        let said = if !self.buyers[buyer].active {
            "vault-inactive"
        } else if twice || !self.offers_used.is_disjoint(&offers) {
            "offer-already-used"
        } else if self.buyers[buyer].balance < total {
            "insufficient-funds"
        } else {
            self.buyers[buyer].balance -= total;
            self.offers_used.extend(offers);
            let now = self.now;
            self.items.extend(bought.items.iter().map(|item| (item.clone(), now, false)));
            "done"
        };
        (buy(&bought), said)
    }

    fn refund(&mut self, buyer: usize, item: usize) -> Option<(Command, &'static str)> {
        let item = item % self.items_known.max(1);
        let (record, bought_at, refunded) = self.items[..self.items_known].get(item)?.clone();
        let policy = policy();
        let command = refund(self.buyers[buyer].account, &record, policy);
        let own = record.account == self.buyers[buyer].account;
        let one = &mut self.buyers[buyer];
        let over =
            one.period.is_some_and(|start| self.now >= start + i64::from(policy.period_days) * DAY);
        let (total, count) = if over { (0, 0) } else { (one.refunded, one.refunds) };
        let said = if !one.active {
            "vault-inactive"
        } else if !own {
            "not-purchased"
        } else if refunded {
            "already-refunded"
        } else if self.now > bought_at + i64::from(policy.window_days) * DAY {
            "refund-window-closed"
        } else if count >= policy.max_count {
            "refund-limit-exceeded"
        } else {
            one.period = if over { Some(self.now) } else { one.period.or(Some(self.now)) };
            (one.refunded, one.refunds) = (total + record.charged.minor(), count + 1);
            one.balance += record.charged.minor();
            if one.refunded > policy.max_total.minor() {
                (one.active, one.balance) = (false, 0);
            }
            self.items[item].2 = true;
            "done"
        };
        Some((command, said))
    }

    fn goodwill(&mut self, item: usize) -> Option<(Command, &'static str)> {
        let item = item % self.items_known.max(1);
        let (record, _, refunded) = self.items[..self.items_known].get(item)?.clone();
        let command = goodwill(&record, None);
        let buyer = self.of(record.account);
        if refunded {
            return Some((command, "already-refunded"));
        }
        if !self.buyers[buyer].active {
            // Its compensation card is not known here: the command is prepared again.
            return Some((command, "stale"));
        }
        self.buyers[buyer].balance += record.charged.minor();
        self.items[item].2 = true;
        Some((command, "done"))
    }

    fn transfer(&mut self, from: usize, to: usize, amount: i64) -> (Command, &'static str) {
        let command = transfer(self.buyers[from].account, self.buyers[to].account, usd(amount));
        let said = if !self.buyers[from].active {
            "vault-inactive"
        } else if from == to || !self.buyers[to].active {
            "not-found"
        } else if self.buyers[from].balance < amount {
            "insufficient-funds"
        } else {
            self.buyers[from].balance -= amount;
            self.buyers[to].balance += amount;
            "done"
        };
        (command, said)
    }

    async fn compare(&self, store: &Store) {
        for buyer in &self.buyers {
            let (account, now) = (buyer.account, self.at());
            let view = store
                .read(move |conn| vault_view(conn, account, &policy(), now))
                .await
                .unwrap()
                .unwrap();
            assert_eq!((view.balance, view.active), (usd(buyer.balance), buyer.active));
        }
        for (card, left) in &self.cards {
            let card = *card;
            assert_eq!(store.read(move |conn| card_left(conn, card)).await.unwrap(), Some(*left));
        }
    }
}

/// What is to come of a command.
enum Said {
    Now(&'static str),
    AsBefore,
}

async fn play(store: &Store, start: i64, steps: &[Step]) {
    let key = SigningKey::from_seed(&Secret::new([7; 32])).unwrap();
    let mut model = Model::start(store, start).await;
    for step in steps {
        match step {
            Step::Ask(asks) => ask_at_once(store, &mut model, asks).await,
            Step::Days(days) => model.now += days * DAY,
            Step::Roll => drop(store.roll().await.unwrap()),
            Step::Seal => drop(store.seal(&key, model.at()).await.unwrap()),
            Step::Place => drop(store.place_events().await.unwrap()),
        }
        model.compare(store).await;
    }
    let proof = store.check(Keyring::new([key.public()])).await.unwrap();
    assert!(proof.iter().all(|check| check.ok), "{proof:#?}");
}

async fn ask_at_once(store: &Store, model: &mut Model, asks: &[Ask]) {
    let mut sent: Vec<Prepared> = model.answers.iter().map(|(sent, _)| sent.clone()).collect();
    let mut expected = Vec::new();
    model.items_known = model.items.len();
    for ask in asks {
        let Some((command, said)) = model.apply(ask, &sent, store) else { continue };
        // A command that is not decided leaves its key free, and sending it again is another story.
        if !matches!(said, Said::Now("stale")) {
            sent.push(command.clone());
        }
        expected.push((command, said));
    }
    let submitted = expected.iter().map(|(command, _)| store.submit(command.clone()));
    let replies = all(submitted).await;
    let mut answered: HashMap<String, Reply> = HashMap::new();
    for (sent, reply) in &model.answers {
        answered.insert(sent.key.clone().unwrap().key, reply.clone());
    }
    for ((command, expected), reply) in expected.iter().zip(&replies) {
        let key = command.key.clone().unwrap().key;
        match expected {
            Said::Now("stale") => assert_eq!(said(reply), "stale"),
            Said::Now(expected) => {
                assert_eq!(said(reply), *expected, "{command:?}");
                let reply = reply.clone().unwrap();
                assert!(!reply.replayed);
                answered.insert(key, reply.clone());
                model.answers.push((command.clone(), reply));
            }
            Said::AsBefore => {
                let reply = reply.as_ref().unwrap();
                assert!(reply.replayed && reply.outcome == answered[&key].outcome);
            }
        }
    }
}

fn play_all(database: &mut Database) {
    jws::self_test().unwrap();
    let store = database.store.clone();
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    let cases = asked.unwrap_or(40);
    let config =
        Config { cases, failure_persistence: None, max_shrink_iters: 500, ..Config::default() };
    let mut runner = TestRunner::new(config);
    let steps = prop::collection::vec(step(), 1..12);
    // All cases share a database, each with buyers and cards of its own; each leaves it proven.
    let played = runner.run(&steps, |steps| {
        block_on(play(&store, 0, &steps));
        Ok(())
    });
    played.unwrap();
}

#[test]
fn the_model_and_the_databases_agree() {
    on_both(play_all);
}
