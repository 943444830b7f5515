//! One purchase of a stamp that is killed, and what must be there afterwards.

use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::books::{Books, Stamp};
use super::trace::{Place, Trace};
use crate::gateway::{Gateway, House};
use crate::http::{Client, Request};
use crate::kill::command::is_in_progress;
use crate::kill::stamps::{letter, listed};
use crate::kill::world::{REFUSED_MAX, TOKEN_AGE_MAX};
use crate::shop::{Buyer, Operator, buyers, minor, text};

/// More than all purchases cost.
const LOADED: &str = "1000.00";
const LOADED_MINOR: i64 = 100_000;

/// How far a purchase had come when it was killed, by the database alone.
#[derive(Clone, Copy)]
pub(super) enum Stage {
    /// Nothing was committed.
    Untouched,
    /// It was paid, and the stamp is still being issued.
    Charged,
    /// The stamp is there, and the buyer has not heard of it.
    Issued,
}

/// What happens when the gateway runs again.
#[derive(Debug, Clone, Copy)]
pub(super) enum Afterwards {
    /// The buyer asks with the same key at once.
    AskedAgain,
    /// Nobody asks.
    LeftAlone,
}

/// A buyer who buys one stamp after the other from the only vendor there is.
pub(super) struct Buying<'a> {
    house: &'a House,
    books: Books<'a>,
    buyer: Buyer,
    signed_in: Instant,
    letter: String,
    bought: Vec<Bought>,
    keys: u64,
}

/// A stamp that must be there.
struct Bought {
    id: String,
    price_minor: i64,
}

impl<'a> Buying<'a> {
    /// Opens a post office, and gives a buyer more money than all stamps will cost.
    pub(super) fn begin(house: &'a House, books: Books<'a>) -> Result<Self> {
        let gateway = house.open()?;
        let mut operator = Operator::of(house, &gateway)?;
        operator.open_shop()?;
        let letter = letter(&operator.post_office()?);
        let signed_in = Instant::now();
        let buyer = buyers(&mut operator, &mut gateway.client(), 1, LOADED)?;
        let buyer = buyer.into_iter().next().context("no buyer")?;
        gateway.stop()?;
        Ok(Self { house, books, buyer, signed_in, letter, bought: Vec::new(), keys: 0 })
    }

    /// Buys a stamp, and has the gateway killed instead of its `nth` call of `place`. Gives how far the purchase had come;
    /// `None` when it was answered before so many calls were made.
    pub(super) fn killed_at(
        &mut self,
        place: &Place,
        nth: u32,
        afterwards: Afterwards,
    ) -> Result<Option<Stage>> {
        let gateway = self.open()?;
        self.books.wait_until_quiet(self.house)?;
        self.keys += 1;
        let key = format!("step-{}", self.keys);
        let mut client = gateway.client();
        let trace = Trace::attach(&gateway, place, nth)?;
        let answer = client.send(self.purchase(&key));
        drop(trace);
        let Ok(answer) = answer else {
            gateway.was_killed().context("a purchase without an answer")?;
            return self.recovers(&key, afterwards).map(Some);
        };
        ensure!(answer.status == 201, "the purchase gave {answer}");
        self.bought.push(Bought::of(&answer.json()?)?);
        // It may have been killed already, by what it did behind its answer.
        gateway.kill()?;
        match self.newest(&self.books.stamps(self.house)?)? {
            (Stage::Untouched, None) => Ok(None),
            (_, more) => {
                bail!("{} is a second stamp", more.map(|more| more.id).unwrap_or_default())
            }
        }
    }

    /// Ends it all, and gives how many stamps there are.
    pub(super) fn end(mut self) -> Result<usize> {
        let gateway = self.open()?;
        self.all_are_there_and_no_other(&mut gateway.client())?;
        gateway.stop()?;
        let (_, more) = self.newest(&self.books.stamps(self.house)?)?;
        ensure!(more.is_none(), "the database has a stamp that nobody bought");
        self.house.check_books()?;
        Ok(self.bought.len())
    }

    /// Starts the gateway again, and proves what it must come to.
    fn recovers(&mut self, key: &str, afterwards: Afterwards) -> Result<Stage> {
        let (stage, left) = self.newest(&self.books.stamps(self.house)?)?;
        // Every other time, so that as often the gateway is the first who opens what was left. Rows are never taken away: the
        // next proof sees what this purchase came to.
        if matches!(afterwards, Afterwards::LeftAlone) {
            self.house.check_books()?;
        }
        let gateway = self.open().context("restart")?;
        let mut client = gateway.client();
        match (afterwards, left) {
            (Afterwards::AskedAgain, left) => {
                let answered = self.asks_again(&mut client, key)?;
                let same = left.is_none_or(|left| left.id == answered.id);
                ensure!(same, "the key answers {}, which is another stamp", answered.id);
                self.bought.push(answered);
            }
            (Afterwards::LeftAlone, Some(left)) => {
                let id = left.id.clone();
                self.bought.push(left);
                self.nothing_waits(&mut client)?;
                self.all_are_there_and_no_other(&mut client)?;
                let answered = self.asks_again(&mut client, key)?;
                ensure!(answered.id == id, "the key answers {}, and paid for {id}", answered.id);
            }
            (Afterwards::LeftAlone, None) => self.nothing_waits(&mut client)?,
        }
        self.all_are_there_and_no_other(&mut client)?;
        gateway.kill()?;
        Ok(stage)
    }

    /// A new process, and a buyer whose token is good.
    fn open(&mut self) -> Result<Gateway<'a>> {
        let gateway = self.house.open()?;
        if self.signed_in.elapsed() > TOKEN_AGE_MAX {
            self.signed_in = Instant::now();
            self.buyer.sign_in(&mut gateway.client())?;
        }
        Ok(gateway)
    }

    fn purchase<'b>(&'b self, key: &'b str) -> Request<'b> {
        Request::post("/v1/stamps", &self.letter).by(&self.buyer.token).once(key)
    }

    /// Asks with a key until the gateway decides.
    fn asks_again(&self, client: &mut Client, key: &str) -> Result<Bought> {
        let deadline = Instant::now() + REFUSED_MAX;
        loop {
            let answer = client.send(self.purchase(key)).context("asking again")?;
            let busy = matches!(answer.status, 429 | 503) || is_in_progress(&answer.body);
            if !busy || Instant::now() > deadline {
                ensure!(answer.status == 201, "asked again, the key gave {answer}");
                return Bought::of(&answer.json()?);
            }
            sleep(Duration::from_millis(20));
        }
    }

    /// Waits until the background has ended what it found.
    fn nothing_waits(&self, client: &mut Client) -> Result<()> {
        let deadline = Instant::now() + REFUSED_MAX;
        loop {
            let stamps = listed(&self.buyer.token, client)?;
            let waits = stamps.iter().find(|stamp| text(stamp, "/status") == "issuing");
            let Some(waits) = waits else { return Ok(()) };
            ensure!(Instant::now() < deadline, "nobody asked, and the background left {waits}");
            sleep(Duration::from_millis(20));
        }
    }

    /// What the database has more than was bought before, and so how far the purchase had come.
    fn newest(&self, found: &[Stamp]) -> Result<(Stage, Option<Bought>)> {
        let (before, after) =
            found.split_at_checked(self.bought.len()).context("a stamp is gone")?;
        for (found, Bought { id, price_minor }) in before.iter().zip(&self.bought) {
            let stands = (&found.id, found.price_minor) == (id, *price_minor);
            ensure!(stands && found.status == "issued", "{id} was bought, and is now {found:?}");
        }
        let bought =
            |stamp: &Stamp| Some(Bought { id: stamp.id.clone(), price_minor: stamp.price_minor });
        match after {
            [] => Ok((Stage::Untouched, None)),
            [stamp] if stamp.status == "issuing" => Ok((Stage::Charged, bought(stamp))),
            [stamp] if stamp.status == "issued" => Ok((Stage::Issued, bought(stamp))),
            odd => bail!("one purchase left {odd:?}"),
        }
    }

    /// The buyer has every stamp that was bought, each issued, and no other; the vault paid for each once.
    fn all_are_there_and_no_other(&self, client: &mut Client) -> Result<()> {
        let mut found = Vec::new();
        for stamp in listed(&self.buyer.token, client)? {
            let issued =
                text(&stamp, "/status") == "issued" && !text(&stamp, "/indicium").is_empty();
            ensure!(issued, "a stamp was bought and not issued: {stamp}");
            found.push(text(&stamp, "/id").to_owned());
        }
        let mut bought: Vec<&String> = self.bought.iter().map(|stamp| &stamp.id).collect();
        found.sort_unstable();
        bought.sort_unstable();
        ensure!(found.iter().eq(bought), "the buyer has {found:?}");
        let spent: i64 = self.bought.iter().map(|stamp| stamp.price_minor).sum();
        let held = self.buyer.balance_minor(client)?;
        ensure!(held == LOADED_MINOR - spent, "{spent} cents were spent, and {held} are left");
        Ok(())
    }
}

impl Bought {
    /// As a purchase is answered.
    fn of(stamp: &serde_json::Value) -> Result<Self> {
        Ok(Self { id: text(stamp, "/id").to_owned(), price_minor: minor(stamp, "/price")? })
    }
}
