//! Loading a vault: from a card's code, or from a tap of a smart card.

use std::net::IpAddr;

use purser_core::{
    card::{
        code::CardCode,
        keys::ChipId,
        sun::{self, Reading, Tap},
    },
    command::{Answer, Command, KeyClaim, Outcome},
    ids::{CardId, EntryId, LoadId, LogId},
    load::{Load, Yield, load_yield, usable},
    policy::Limits,
    rate::Route,
    record::{CardKind, LoadRecord},
};
use purser_money::{Currency, Money, Rounding};
use purser_store::{
    Connection,
    read::card::{StoredCard, card_find_by_code, card_find_by_smart_id},
};

use super::{
    facts::{EvidencedRoute, Facts},
    intent::{Making, Payer, carry_out},
    smart_card::unwrap_file_read,
    throttle::{Budget, attempt},
};
use crate::{
    clock::day,
    gateway::Gateway,
    problem::{self, Problem},
    random::id_bits,
};

/// The card, as its holder shows it. What cannot be read is as wrong as what does not fit.
pub enum Shown {
    /// The printed code.
    Code(CardCode),
    /// A tap, with the printed code where the amount needs it.
    Tap(Box<Tap>, Option<CardCode>),
    /// Something that is no code and no tap.
    Unreadable,
}

/// What is asked of the card.
pub struct Asked {
    /// The card.
    pub shown: Shown,
    /// How much of it, in major units of the card's own currency; all of it, if not said.
    pub amount: Option<Money>,
    /// Where the request came from, for counting wrong cards.
    pub address: IpAddr,
}

/// Loads the vault. A card that is refused counts as a failure, and until that is known so does the attempt: a
/// thousand guesses at once get no further than a thousand in a row.
pub async fn load(
    gateway: &Gateway,
    payer: &Payer,
    key: KeyClaim,
    asked: &Asked,
) -> Result<LoadRecord, Problem> {
    let budgets = vec![
        Budget::cards_into(gateway, payer.account),
        Budget::cards_from(gateway, asked.address),
    ];
    let attempt = attempt(gateway, budgets).await?;
    let prepare = |making: Making| async move { prepare(gateway, payer, asked, making).await };
    let outcome = carry_out(gateway, Some(key), payer.facts_version, prepare).await;
    let loaded = outcome.and_then(loaded);
    if loaded.as_ref().is_err_and(|problem| problem.kind == problem::CARD_REFUSED) {
        attempt.failed(gateway).await?;
    }
    loaded
}

/// The load that an outcome speaks of.
pub fn loaded(outcome: Outcome) -> Result<LoadRecord, Problem> {
    match outcome? {
        Answer::Loaded(record) => Ok(*record),
        _ => Err(Problem::internal("the key of a load answers something else")),
    }
}

async fn prepare(
    gateway: &Gateway,
    payer: &Payer,
    asked: &Asked,
    making: Making,
) -> Result<Command, Problem> {
    let load = match find(gateway, &making.facts, &asked.shown).await? {
        None => worthless(gateway, payer, CardId::from_random(id_bits()), &making),
        Some((card, _)) if usable(card.status, card.expires_at, making.at).is_err() => {
            worthless(gateway, payer, card.id, &making)
        }
        Some((card, tap)) => of_usable(gateway, payer, asked, &making, (card, tap)).await?,
    };
    Ok(Command::Load(Box::new(load)))
}

/// A load from a card that nobody has, or that is not sold, expired or blocked. The teller is the one to refuse it, so
/// that the refusal stands in the transaction log and under the key like every other.
fn worthless(gateway: &Gateway, payer: &Payer, card: CardId, making: &Making) -> Load {
    let nothing = Money::zero(gateway.settings.unit_of_account);
    let record = LoadRecord {
        id: LoadId::from_random(id_bits()),
        account: payer.account,
        card,
        at: making.at,
        taken: nothing,
        credited: nothing,
        spread: nothing,
        legs: Vec::new(),
        rate: "1".to_owned(),
        rate_source: None,
        rate_as_of: None,
        evidence: Vec::new(),
    };
    Load {
        record,
        gross: nothing,
        // Should the card be sold before the teller looks, it holds something, and this is prepared again.
        all_of: Some(nothing),
        tap: None,
        limits: Limits::default(),
        evidence: Vec::new(),
        entry: EntryId::from_random(id_bits()),
        log: LogId::from_random(id_bits()),
    }
}

async fn of_usable(
    gateway: &Gateway,
    payer: &Payer,
    asked: &Asked,
    making: &Making,
    (card, tap): (StoredCard, Option<u32>),
) -> Result<Load, Problem> {
    let taken = taken(asked, &card)?;
    check_tap_limit(gateway, &asked.shown, &card, taken)?;
    let unit = gateway.settings.unit_of_account;
    let route = route(gateway, making, taken, unit).await?;
    let yielded = yielded(gateway, taken, &route.route)?;
    let record = LoadRecord {
        id: LoadId::from_random(id_bits()),
        account: payer.account,
        card: card.id,
        at: making.at,
        taken,
        credited: yielded.credited,
        spread: yielded.spread,
        legs: route.route.legs().to_vec(),
        rate: route.route.shown().map_err(Problem::internal)?.to_string(),
        rate_source: route.evidence.as_ref().map(|_| route.route.source.clone()),
        rate_as_of: route.evidence.as_ref().map(|_| route.route.as_of),
        evidence: route.evidence.iter().map(|record| record.id).collect(),
    };
    Ok(Load {
        record,
        gross: yielded.gross,
        all_of: asked.amount.is_none().then_some(card.left),
        tap,
        limits: gateway.settings.limits_of(payer.country.as_ref().map(|place| place.country())),
        evidence: route.evidence.clone().into_iter().collect(),
        entry: EntryId::from_random(id_bits()),
        log: LogId::from_random(id_bits()),
    })
}

/// The card, and the counter of the tap.
async fn find(
    gateway: &Gateway,
    facts: &Facts,
    shown: &Shown,
) -> Result<Option<(StoredCard, Option<u32>)>, Problem> {
    match shown {
        Shown::Unreadable => Ok(None),
        Shown::Code(code) => {
            let hash = code.hash(&gateway.keys.hash);
            let row = gateway.store.read(move |db| card_find_by_code(db, &hash)).await?;
            Ok(row.map(|row| (row, None)))
        }
        Shown::Tap(tap, code) => {
            let found = find_tapped(gateway, facts, tap).await?;
            let Some(code) = code else { return Ok(found) };
            // The code of another card beside a tap is as wrong as no card.
            let hash = code.hash(&gateway.keys.hash);
            let printed =
                gateway.store.read(move |db| card_find_by_code(db, &hash)).await?.map(|row| row.id);
            Ok(found.filter(|(row, _)| Some(row.id) == printed))
        }
    }
}

/// Reads the tap with the issuer's own key and with those of cards that were personalised elsewhere. One wrong key in
/// 256 seems to read it, so only the MAC decides, under the key of the one card that has the chip.
async fn find_tapped(
    gateway: &Gateway,
    facts: &Facts,
    tap: &Tap,
) -> Result<Option<(StoredCard, Option<u32>)>, Problem> {
    let issuer = &gateway.keys.issuer_key;
    let (own, foreign) = (issuer.meta_read_key(), facts.meta_read_keys(gateway).await?);
    let keys = std::iter::once(&own).chain(foreign.iter());
    let readings: Vec<Reading> =
        keys.filter_map(|key| sun::read(key, &tap.picc_data).ok()).collect();
    let chips: Vec<ChipId> = readings.iter().map(|reading| issuer.chip_id(&reading.uid)).collect();
    let look = move |db: &mut Connection| {
        let row = |chip: &ChipId| card_find_by_smart_id(db, chip.as_bytes());
        chips.iter().map(row).collect::<Result<Vec<_>, _>>()
    };
    let rows = gateway.store.read(look).await?;
    for (reading, row) in readings.iter().zip(rows) {
        let Some(row) = row else { continue };
        let file_read = match &row.file_read_key {
            Some(wrapped) => unwrap_file_read(gateway, wrapped)?,
            None => issuer.card_keys(&reading.uid, 1).file_read,
        };
        // A tap's CMAC covers no file data.
        if sun::verify(&file_read, reading, b"", &tap.cmac) {
            return Ok(Some((row, Some(reading.counter.get()))));
        }
    }
    Ok(None)
}

fn taken(asked: &Asked, card: &StoredCard) -> Result<Money, Problem> {
    let Some(amount) = asked.amount else { return Ok(card.left) };
    if amount.currency() == card.left.currency() {
        return Ok(amount);
    }
    let problem = Problem::new(problem::INVALID_AMOUNT).field("amount.currency");
    Err(problem.detail(format!("the card holds {}", card.left.currency())))
}

/// A chip can be read through a pocket: above a limit its holder shows the printed code too.
fn check_tap_limit(
    gateway: &Gateway,
    shown: &Shown,
    card: &StoredCard,
    taken: Money,
) -> Result<(), Problem> {
    let limit = gateway.settings.tap_limits.get(&taken.currency());
    let above = limit.is_some_and(|limit| taken.minor() > limit.minor());
    if above && card.kind == CardKind::Smart && matches!(shown, Shown::Tap(_, None)) {
        return Err(Problem::malformed(
            "card.code",
            "above the tap limit the card's printed code is needed too",
        ));
    }
    Ok(())
}

async fn route(
    gateway: &Gateway,
    making: &Making,
    taken: Money,
    unit: Currency,
) -> Result<std::sync::Arc<EvidencedRoute>, Problem> {
    let today = day(making.at);
    if taken.is_zero() {
        // An empty card converts nothing; the teller says so.
        let route = Route::same(taken.currency(), today);
        return Ok(std::sync::Arc::new(EvidencedRoute { route, evidence: None }));
    }
    making.facts.route(gateway, taken, unit, Rounding::Down, today).await
}

fn yielded(gateway: &Gateway, taken: Money, route: &Route) -> Result<Yield, Problem> {
    if taken.is_zero() {
        // In the currency of the vault, as its log has it.
        let nothing = Money::zero(gateway.settings.unit_of_account);
        return Ok(Yield { gross: nothing, spread: nothing, credited: nothing });
    }
    let too_large = |error: purser_core::rate::ConversionError| {
        Problem::new(problem::INVALID_AMOUNT).field("amount").detail(error.to_string())
    };
    let yielded = load_yield(taken, route, gateway.settings.fx_spread).map_err(too_large)?;
    if yielded.credited.is_positive() {
        return Ok(yielded);
    }
    let problem = Problem::new(problem::INVALID_AMOUNT).field("amount.amount");
    Err(problem.detail("so little would credit nothing once it is converted"))
}
