//! The rules once more, in memory: what each command is to say, and what it leaves.

use std::collections::HashSet;

use purser_core::{
    Timestamp,
    account::Account,
    command::{Command, Prepared},
    ids::{AccountId, CardId},
    money::Money,
    policy::RefundPolicy,
    record::ItemRecord,
};
use purser_store::{
    Reply, Store,
    read::{card::card_left, vault::vault_view},
};

use crate::{ask::Ask, world::*};

pub(crate) const BUYERS: usize = 3;
pub(crate) const CARDS: usize = 4;
pub(crate) const DAY: i64 = 86_400;

/// Low enough that vaults close and limits are met.
pub(crate) fn policy() -> RefundPolicy {
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
    /// The card that holds the rest of a closed vault, and what is left on it.
    compensation: Option<(CardId, i64)>,
    /// The card that those who prepare commands know of: what is asked at once is prepared before any is decided.
    compensation_known: Option<CardId>,
}

/// A card that is sold, what is left on it, and the highest counter of a tap that loaded.
struct Card {
    id: CardId,
    left: Money,
    tapped: Option<u32>,
}

/// The rules once more, as plainly as they can be said.
pub(crate) struct Model {
    pub(crate) now: i64,
    buyers: Vec<Buyer>,
    cards: Vec<Card>,
    /// Real money, of euros and of dollars.
    floats: [i64; 2],
    items: Vec<(ItemRecord, i64, bool)>,
    /// How many of them their buyers know of: an item's name is told by the answer to its purchase.
    items_known: usize,
    offers_used: HashSet<(u8, u8)>,
    pub(crate) answers: Vec<(Prepared, Reply)>,
}

impl Model {
    pub(crate) async fn start(store: &Store, now: i64) -> Self {
        let mut buyers = Vec::new();
        for _ in 0..BUYERS {
            buyers.push(Buyer {
                account: buyer(store).await,
                balance: 0,
                active: true,
                refunded: 0,
                refunds: 0,
                period: None,
                compensation: None,
                compensation_known: None,
            });
        }
        let mut sold = Vec::new();
        for face in [usd(10_000), eur(10_000)] {
            let ids = cards(store, CARDS / 2, face).await;
            sold.extend(ids.into_iter().map(|id| Card { id, left: face, tapped: None }));
        }
        Self {
            now,
            buyers,
            cards: sold,
            floats: floats(store).await,
            items: Vec::new(),
            items_known: 0,
            offers_used: HashSet::new(),
            answers: Vec::new(),
        }
    }

    /// From now on commands are prepared with what was decided so far.
    pub(crate) fn look(&mut self) {
        self.items_known = self.items.len();
        for buyer in &mut self.buyers {
            buyer.compensation_known = buyer.compensation.map(|(card, _)| card);
        }
    }

    pub(crate) fn at(&self) -> Timestamp {
        at(self.now)
    }

    fn of(&self, account: AccountId) -> usize {
        self.buyers.iter().position(|buyer| buyer.account == account).unwrap()
    }

    /// What is to be sent for this, and what is to come of it. A command that was sent before comes again.
    pub(crate) fn apply(
        &mut self,
        ask: &Ask,
        sent: &[Prepared],
        store: &Store,
    ) -> Option<(Prepared, Said)> {
        let (command, said) = match ask {
            Ask::Again { command } => {
                let again = sent.get(command % sent.len().max(1))?;
                return Some((again.clone(), Said::AsBefore));
            }
            Ask::Load { buyer, card, taken, tap } => self.load(*buyer, *card, *taken, *tap),
            Ask::LoadCompensation { buyer, of, taken } => {
                self.load_compensation(*buyer, *of, *taken)?
            }
            Ask::Buy { buyer, merchants, net, single_use } => {
                self.buy(*buyer, merchants, *net, *single_use)
            }
            Ask::Refund { buyer, item } => self.refund(*buyer, *item)?,
            Ask::Goodwill { item } => self.goodwill(*item)?,
            Ask::Transfer { from, to, amount } => self.transfer(*from, *to, *amount),
            Ask::Erase { buyer } => self.erase(*buyer),
            Ask::Trade { euros, sold, bought } => self.trade(*euros, *sold, *bought),
        };
        Some((Prepared { at: self.at(), ..prepared(store, command) }, Said::Now(said)))
    }

    fn load(
        &mut self,
        buyer: usize,
        card: usize,
        taken: i64,
        tap: Option<u32>,
    ) -> (Command, &'static str) {
        let card = &mut self.cards[card];
        let taken = Money::new(taken, card.left.currency());
        let command = load(self.buyers[buyer].account, card.id, taken);
        let Command::Load(mut asked) = command else { panic!("a load") };
        asked.tap = tap;
        let credited = asked.record.credited.minor();
        let said = if tap.is_some() && tap <= card.tapped {
            "card-refused"
        } else if !self.buyers[buyer].active {
            "vault-inactive"
        } else if card.left.is_zero() {
            "card-already-used"
        } else if card.left.minor() < taken.minor() {
            "insufficient-funds"
        } else {
            card.left = card.left.minus(taken).unwrap();
            card.tapped = tap.or(card.tapped);
            self.buyers[buyer].balance += credited;
            "done"
        };
        (Command::Load(asked), said)
    }

    /// Whoever has the code may load what was left in a closed vault; that vault may not.
    fn load_compensation(
        &mut self,
        buyer: usize,
        of: usize,
        taken: i64,
    ) -> Option<(Command, &'static str)> {
        let id = self.buyers[of].compensation_known?;
        let (_, left) = self.buyers[of].compensation?;
        let command = load(self.buyers[buyer].account, id, usd(taken));
        let said = if !self.buyers[buyer].active {
            "vault-inactive"
        } else if left == 0 {
            "card-already-used"
        } else if left < taken {
            "insufficient-funds"
        } else {
            self.buyers[of].compensation = Some((id, left - taken));
            self.buyers[buyer].balance += taken;
            "done"
        };
        Some((command, said))
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
        } else if self.buyers[buyer].balance < total {
            "insufficient-funds"
        } else if twice || !self.offers_used.is_disjoint(&offers) {
            "offer-already-used"
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
                let Command::Refund(asked) = &command else { panic!("a refund") };
                one.close(asked.closing.compensation.card);
            }
            self.items[item].2 = true;
            "done"
        };
        Some((command, said))
    }

    fn goodwill(&mut self, item: usize) -> Option<(Command, &'static str)> {
        let item = item % self.items_known.max(1);
        let (record, _, refunded) = self.items[..self.items_known].get(item)?.clone();
        let buyer = self.of(record.account);
        let one = &mut self.buyers[buyer];
        let command = goodwill(&record, one.compensation_known);
        let Command::Goodwill(asked) = &command else { panic!("a gift") };
        let charged = record.charged.minor();
        let said = if refunded {
            "already-refunded"
        } else if one.compensation.map(|(card, _)| card) != one.compensation_known {
            // The vault was closed meanwhile: the command is prepared again.
            "stale"
        } else {
            match &mut one.compensation {
                _ if one.active => one.balance += charged,
                Some((_, left)) => *left += charged,
                none => *none = Some((asked.new_compensation.card, charged)),
            }
            self.items[item].2 = true;
            "done"
        };
        Some((command, said))
    }

    fn erase(&mut self, buyer: usize) -> (Command, &'static str) {
        let one = &mut self.buyers[buyer];
        let Command::EraseAccount(mut asked) = erase(one.account) else { panic!("an erasure") };
        asked.compensation = one.compensation_known;
        let said = if one.active {
            one.close(asked.closing.compensation.card);
            "done"
        } else if one.compensation.map(|(card, _)| card) != one.compensation_known {
            "stale"
        } else {
            "done"
        };
        (Command::EraseAccount(asked), said)
    }

    fn trade(&mut self, euros: bool, sold: i64, bought: i64) -> (Command, &'static str) {
        let [in_euros, in_dollars] = &mut self.floats;
        let (command, from, to) = if euros {
            (trade(eur(sold), usd(bought)), in_euros, in_dollars)
        } else {
            (trade(usd(sold), eur(bought)), in_dollars, in_euros)
        };
        if *from < sold {
            return (command, "insufficient-funds");
        }
        *from -= sold;
        *to += bought;
        (command, "done")
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

    pub(crate) async fn compare(&self, store: &Store) {
        for buyer in &self.buyers {
            let (account, now) = (buyer.account, self.at());
            let view = store
                .read(move |conn| vault_view(conn, account, &policy(), now))
                .await
                .unwrap()
                .unwrap();
            assert_eq!((view.balance, view.active), (usd(buyer.balance), buyer.active));
            let left = buyer.compensation.filter(|(_, left)| *left > 0);
            assert_eq!(view.compensation, left.map(|(card, left)| (card, usd(left))));
        }
        for card in &self.cards {
            let id = card.id;
            let left = store.read(move |conn| card_left(conn, id)).await.unwrap();
            assert_eq!(left, Some(card.left));
        }
        assert_eq!(floats(store).await, self.floats);
    }
}

impl Buyer {
    /// Nothing is lost: the rest is on the card.
    fn close(&mut self, card: CardId) {
        self.compensation = (self.balance > 0).then_some((card, self.balance));
        (self.active, self.balance) = (false, 0);
    }
}

/// The real money of euros and of dollars.
async fn floats(store: &Store) -> [i64; 2] {
    let held = store.read(purser_store::open_balances).await.unwrap();
    [eur(0), usd(0)].map(|unit| {
        let float = Account::Float(unit.currency());
        let of = held.iter().find(|(account, _)| *account == float);
        of.map_or(0, |(_, held)| held.minor())
    })
}

/// What is to come of a command.
pub(crate) enum Said {
    Now(&'static str),
    AsBefore,
}
