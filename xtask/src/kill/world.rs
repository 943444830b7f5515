//! The buyers, what their vaults must hold by the answers they got, and what they do.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
use fastrand::Rng;

use super::command::{Answered, Asks, Command, Item, Kind, Sent};
use super::stamps::Stamps;
use crate::gateway::{Gateway, House};
use crate::http::{Client, Request};
use crate::shop::{Buyer, Merchant, Operator, buyers, text};

const MERCHANTS: usize = 4;
/// Access tokens live for five minutes.
pub(super) const TOKEN_AGE_MAX: Duration = Duration::from_secs(200);
/// How long a command may be refused for now; a killed process's last commit may still be under way.
pub(super) const REFUSED_MAX: Duration = Duration::from_secs(10);

pub(super) struct World {
    pub(super) callers: usize,
    buyers: Vec<Buyer>,
    merchants: Vec<Merchant>,
    /// One each in dollars and in euro per buyer, taken from little by little.
    cards: Vec<[String; 2]>,
    /// What the answers add up to, in cents.
    balances_minor: Vec<AtomicI64>,
    refundable: Vec<Mutex<Vec<Item>>>,
    stamps: Stamps,
    operator_key: String,
    keys: AtomicU64,
    signed_in: Instant,
}

/// What one caller saw: its answers, and at most one command whose answer never came.
pub(super) type Seen = (Vec<Answered>, Option<Command>);

impl World {
    /// Makes buyers with money, cards and merchants.
    pub(super) fn begin(house: &House, gateway: &Gateway<'_>, callers: u16) -> Result<Self> {
        let mut operator = Operator::of(house, gateway)?;
        operator.open_shop()?;
        let mut client = gateway.client();
        let signed_in = Instant::now();
        let count = usize::from(callers.div_ceil(2));
        let buyers = buyers(&mut operator, &mut client, count, "1000.00")?;
        let merchants = (0..MERCHANTS).map(|n| operator.merchant(&format!("Merchant {n}")));
        let merchants = merchants.collect::<Result<_>>()?;
        let post = operator.post_office()?;
        let dollars = operator.cards(count, "1000000.00", "USD")?;
        let euros = operator.cards(count, "1000000.00", "EUR")?;
        let balances = buyers.iter().map(|buyer| Ok(buyer.balance_minor(&mut client)?.into()));
        Ok(Self {
            callers: callers.into(),
            balances_minor: balances.collect::<Result<_>>()?,
            refundable: buyers.iter().map(|_| Mutex::default()).collect(),
            stamps: Stamps::sold_by(post, count),
            cards: dollars.into_iter().zip(euros).map(|(usd, eur)| [usd, eur]).collect(),
            buyers,
            merchants,
            operator_key: operator.key().to_owned(),
            keys: AtomicU64::new(0),
            signed_in,
        })
    }

    /// Sends commands of one buyer until the gateway is gone.
    pub(super) fn trade(&self, mut client: Client, caller: usize, mut random: Rng) -> Result<Seen> {
        let buyer = caller % self.buyers.len();
        let mut answered = Vec::new();
        loop {
            // What must be there before the command is nobody's when the gateway is gone meanwhile.
            let command = match self.rarely(&mut client, buyer, &mut random) {
                Ok(Some(command)) => command,
                Ok(None) => self.draw(buyer, &mut random)?,
                Err(_gone) => return Ok((answered, None)),
            };
            match command.send(&mut client, self.token(&command)?) {
                Ok(Ok(Some(sent))) => answered.push(self.book(command, sent)?),
                Ok(Ok(None)) => {}
                Ok(Err(wrong)) => return Err(wrong),
                Err(_gone) => return Ok((answered, Some(command))),
            }
        }
    }

    /// Asks again for a command whose answer was lost. Gives whether it had been done before, and its answer.
    pub(super) fn settle(
        &self,
        gateway: &Gateway<'_>,
        command: Command,
    ) -> Result<(bool, Answered)> {
        let mut client = gateway.client();
        let before = self.found(&mut client)?;
        let sent = self.insist(&mut client, &command)?;
        let after = self.found(&mut client)?;
        let key = command.key.clone();
        let answered = self.book(command, sent)?;
        let mut moved: Vec<i64> = after.iter().zip(&before).map(|(a, b)| a - b).collect();
        let effects = answered.effects()?;
        let done_before = moved.iter().all(|&amount| amount == 0) && !effects.is_empty();
        for (buyer, amount) in effects.into_iter().filter(|_| !done_before) {
            *moved.get_mut(buyer).context("no such buyer")? -= amount;
        }
        ensure!(
            moved.iter().all(|&amount| amount == 0),
            "the command with the key {key} was half there: asking again moved {moved:?} too much"
        );
        Ok((done_before, answered))
    }

    /// Every vault holds what the answers add up to.
    pub(super) fn agrees_with(&self, gateway: &Gateway<'_>) -> Result<()> {
        let found = self.found(&mut gateway.client())?;
        let booked = self.balances_minor.iter().map(|balance| balance.load(Ordering::Relaxed));
        let booked: Vec<i64> = booked.collect();
        ensure!(found == booked, "the vaults hold {found:?}, the answers add up to {booked:?}");
        Ok(())
    }

    /// Every key gives the answer that it gave before.
    pub(super) fn ask_again(&self, gateway: &Gateway<'_>, answered: &[Answered]) -> Result<()> {
        let share = answered.len().div_ceil(self.callers).max(1);
        thread::scope(|scope| {
            let askers: Vec<_> = answered
                .chunks(share)
                .map(|share| scope.spawn(|| self.ask_share_again(gateway.client(), share)))
                .collect();
            askers
                .into_iter()
                .try_for_each(|asker| asker.join().map_err(|_| anyhow!("a caller fell"))?)
        })
    }

    /// Every stamp that was acknowledged is there once, and there is no other; none is still being issued.
    pub(super) fn every_stamp_is_there(&self, gateway: &Gateway<'_>) -> Result<usize> {
        let mut client = gateway.client();
        let mut count = 0;
        for (number, buyer) in self.buyers.iter().enumerate() {
            count += self.stamps.agree_with(number, &buyer.token, &mut client)?;
        }
        Ok(count)
    }

    /// Signs everybody in again before their access tokens expire.
    pub(super) fn sign_in_where_due(&mut self, gateway: &Gateway<'_>) -> Result<()> {
        if self.signed_in.elapsed() > TOKEN_AGE_MAX {
            let mut client = gateway.client();
            self.signed_in = Instant::now();
            self.buyers.iter_mut().try_for_each(|buyer| buyer.sign_in(&mut client))?;
        }
        Ok(())
    }

    fn ask_share_again(&self, mut client: Client, share: &[Answered]) -> Result<()> {
        for Answered { command, status, body } in share {
            let (again, same) = self.insist(&mut client, command)?;
            ensure!(
                again == *status && same == *body,
                "the key {} was answered {status} {body}, and now {again} {same}",
                command.key
            );
        }
        Ok(())
    }

    /// Asks until the gateway decides.
    fn insist(&self, client: &mut Client, command: &Command) -> Result<Sent> {
        let token = self.token(command)?;
        let deadline = Instant::now() + REFUSED_MAX;
        while Instant::now() < deadline {
            if let Some(sent) = command.send(client, token).context("no answer")?? {
                return Ok(sent);
            }
            thread::sleep(Duration::from_millis(20));
        }
        bail!("the gateway never decides about the key {}", command.key)
    }

    /// Writes down what an answer means.
    fn book(&self, command: Command, (status, body): Sent) -> Result<Answered> {
        let answered = Answered { command, status, body };
        for (buyer, amount_minor) in answered.effects()? {
            let balance = self.balances_minor.get(buyer).context("no such buyer")?;
            balance.fetch_add(amount_minor, Ordering::Relaxed);
        }
        if let Some(stamp) = answered.stamp() {
            self.stamps.bought(answered.command.buyer, stamp)?;
        }
        let bought = answered.items()?;
        self.with_refundable(answered.command.buyer, |items| items.extend(bought))?;
        Ok(answered)
    }

    fn key(&self) -> String {
        format!("kill-{}", self.keys.fetch_add(1, Ordering::Relaxed))
    }

    /// One command in fifty is one that needs something made for it first: a batch to be sold, an account to be erased.
    fn rarely(
        &self,
        client: &mut Client,
        buyer: usize,
        random: &mut Rng,
    ) -> Result<Option<Command>> {
        let (key, body) = (self.key(), "{}".to_owned());
        Ok(match random.u8(0..100) {
            0 => {
                let print = r#"{"count":3,"face":{"amount":"5.00","currency":"EUR"}}"#;
                let print = Request::post("/v1/card-batches", print).by(&self.operator_key);
                let batch = text(&client.expect(201, print)?, "/id").to_owned();
                let asks = Asks::Other(self.operator_key.clone());
                Some(Command { buyer, key, body, kind: Kind::Activation { batch }, asks })
            }
            1 => {
                let somebody = Buyer::sign_up(client, format!("erased-{key}"))?;
                let (body, asks) = (somebody.remembered(), Asks::Other(somebody.token));
                Some(Command { buyer, key, body, kind: Kind::Erasure, asks })
            }
            _ => None,
        })
    }

    fn draw(&self, buyer: usize, random: &mut Rng) -> Result<Command> {
        let key = self.key();
        let (kind, body) = match random.u8(0..100) {
            0..20 => (Kind::Load, self.load(buyer, random)?),
            20..40 => match self.item_to_refund(buyer, random)? {
                Some(item) if random.u8(0..4) == 0 => return self.goodwill(buyer, key, item),
                Some(item) => (Kind::Refund, format!(r#"{{"item":"{}"}}"#, item.id)),
                None => (Kind::Purchase, self.purchase(&key, random)?),
            },
            40..60 => match self.stamps.draw(buyer, random)? {
                Some((kind, body)) => (kind, body),
                None => (Kind::Stamp, self.stamps.letter()),
            },
            60..72 => {
                let to = random.usize(0..self.buyers.len());
                let to = if to == buyer { (to + 1) % self.buyers.len() } else { to };
                (Kind::Transfer { to }, self.transfer(to, random)?)
            }
            _ => (Kind::Purchase, self.purchase(&key, random)?),
        };
        Ok(Command { buyer, key, body, kind, asks: Asks::Buyer })
    }

    fn goodwill(&self, buyer: usize, key: String, item: Item) -> Result<Command> {
        let Item { id, merchant, charged_minor } = item;
        let seller = self.merchants.iter().find(|known| known.id == merchant);
        let asks = Asks::Other(seller.context("no such merchant")?.secret_key.clone());
        let kind = Kind::Goodwill { item: id, charged_minor };
        Ok(Command { buyer, key, body: "{}".to_owned(), kind, asks })
    }

    fn load(&self, buyer: usize, random: &mut Rng) -> Result<String> {
        let cards = self.cards.get(buyer).context("no such buyer")?;
        let (code, currency) = if random.bool() { (&cards[0], "USD") } else { (&cards[1], "EUR") };
        let amount = amount(random.u32(1_000..10_000));
        Ok(format!(
            r#"{{"card":{{"code":"{code}"}},"amount":{{"amount":"{amount}","currency":"{currency}"}}}}"#
        ))
    }

    fn purchase(&self, key: &str, random: &mut Rng) -> Result<String> {
        let offers: Result<Vec<String>> = (0..random.usize(1..=3))
            .map(|number| {
                let merchant = random.choice(&self.merchants).context("no merchants")?;
                let offer =
                    merchant.signer.sign(&format!("{key}-{number}"), random.i64(100..3_000));
                Ok(format!("\"{offer}\""))
            })
            .collect();
        Ok(format!(r#"{{"offers":[{}]}}"#, offers?.join(",")))
    }

    fn transfer(&self, to: usize, random: &mut Rng) -> Result<String> {
        let (to, amount) = (&self.buyer(to)?.handle, amount(random.u32(1..2_000)));
        Ok(format!(r#"{{"to":"{to}","amount":{{"amount":"{amount}","currency":"USD"}}}}"#))
    }

    /// Takes an item that nobody else will refund.
    fn item_to_refund(&self, buyer: usize, random: &mut Rng) -> Result<Option<Item>> {
        self.with_refundable(buyer, |items| {
            (!items.is_empty()).then(|| items.swap_remove(random.usize(0..items.len())))
        })
    }

    fn with_refundable<T>(
        &self,
        buyer: usize,
        change: impl FnOnce(&mut Vec<Item>) -> T,
    ) -> Result<T> {
        let items = self.refundable.get(buyer).context("no such buyer")?;
        Ok(change(&mut items.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    fn token<'a>(&'a self, command: &'a Command) -> Result<&'a str> {
        Ok(match &command.asks {
            Asks::Buyer => &self.buyer(command.buyer)?.token,
            Asks::Other(token) => token,
        })
    }

    fn found(&self, client: &mut Client) -> Result<Vec<i64>> {
        self.buyers.iter().map(|buyer| buyer.balance_minor(client)).collect()
    }

    fn buyer(&self, number: usize) -> Result<&Buyer> {
        self.buyers.get(number).context("no such buyer")
    }
}

fn amount(minor: u32) -> String {
    format!("{}.{:02}", minor / 100, minor % 100)
}
