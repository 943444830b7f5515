//! Remittances: the tax of a period and the return that says what it is for.

use purser_core::{
    account::{Authority, Taxpayer},
    command::{Answer, Command, KeyClaim, Outcome},
    ids::{EntryId, RemittanceId},
    outgoing::{Outgoing, Settled},
    period::Period,
    record::RemittanceRecord,
    remittance::Remit,
};
use purser_money::{Currency, Money, MoneyError};
use purser_store::read::{
    liability::merchant_is_known,
    remittance::{StoredRemittance, remittance_get},
};

use super::{
    filing,
    intent::{Making, carry_out},
    liability::{Owed, Part, owed},
    outgoing::{self, Open},
};
use crate::{
    gateway::Gateway,
    problem::{self, Problem},
    random::id_bits,
};

/// What is to be remitted.
#[derive(Debug, Clone)]
pub struct Wish {
    /// To whom.
    pub authority: Authority,
    /// What for.
    pub period: Period,
    /// By whom; by whoever owes, if only one does.
    pub taxpayer: Option<Taxpayer>,
    /// In which currency; in the one that is owed, if it is only one.
    pub currency: Option<Currency>,
}

/// Sets the tax of a period apart for its authority, and has its return written.
pub async fn remit(
    gateway: &Gateway,
    facts_version: i64,
    key: KeyClaim,
    wish: Wish,
) -> Result<RemittanceId, Problem> {
    let prepare = |making: Making| {
        let wish = wish.clone();
        async move { prepare(gateway, &wish, &making).await }
    };
    remitted(carry_out(gateway, Some(key), facts_version, prepare).await?)
}

/// The remittance that an outcome speaks of.
pub fn remitted(outcome: Outcome) -> Result<RemittanceId, Problem> {
    match outcome? {
        Answer::Remitted { remittance } => Ok(remittance),
        _ => Err(Problem::internal("the key of a remittance answers something else")),
    }
}

async fn prepare(gateway: &Gateway, wish: &Wish, making: &Making) -> Result<Command, Problem> {
    let period = wish.period;
    if making.at < period.end() && !gateway.settings.sandbox {
        let detail = format!("{period} ends on {}", period.end());
        return Err(Problem::new(problem::PERIOD_NOT_OVER).field("period").detail(detail));
    }
    if let Some(Taxpayer::Merchant(merchant)) = wish.taxpayer
        && !gateway.store.read(move |db| merchant_is_known(db, merchant)).await?
    {
        return Err(Problem::malformed("taxpayer", "`operator`, or the id of a merchant"));
    }
    let part = Part {
        period,
        authority: Some(wish.authority.clone()),
        taxpayer: wish.taxpayer,
        currency: wish.currency,
    };
    let owed = only(wish, owed(gateway, part).await?)?;
    let too_large = |error: MoneyError| Problem::amount("period", error);
    let rows = owed.rows().map_err(too_large)?;
    let id = RemittanceId::from_random(id_bits());
    let (filing, evidence) = filing::file(gateway, id, &owed, &rows).await?;
    let short = owed.payable.minus(owed.holds).map_err(too_large)?;
    let may_lack = if short.is_positive() { short } else { Money::zero(short.currency()) };
    let record = RemittanceRecord {
        id,
        at: making.at,
        account: owed.account,
        period,
        number: owed.number,
        position: owed.position,
        months: owed.months,
        counted: owed.counted,
        lines: owed.lines,
        base: owed.base,
        tax: owed.tax,
        carried: owed.carried,
        paid: owed.payable,
        evidence: evidence.id,
    };
    let entry = EntryId::from_random(id_bits());
    Ok(Command::Remit(Box::new(Remit { record, filing, evidence, may_lack, entry })))
}

/// The one account that is owed under; what else the request could mean is named.
fn only(wish: &Wish, mut owed: Vec<Owed>) -> Result<Owed, Problem> {
    if owed.len() > 1 {
        let names = |name: fn(&Owed) -> String| {
            let mut names: Vec<String> = owed.iter().map(name).collect();
            names.sort();
            names.dedup();
            names
        };
        let taxpayers = names(|owed| owed.account.taxpayer.to_string());
        let currencies = names(|owed| owed.account.currency.code().to_owned());
        let (field, choices) =
            if taxpayers.len() > 1 { ("taxpayer", taxpayers) } else { ("currency", currencies) };
        let detail = format!("several owe there, so say which: {}", choices.join(", "));
        return Err(Problem::malformed(field, detail).with("choices", choices));
    }
    owed.pop().ok_or_else(|| {
        let (authority, period) = (wish.authority.as_str(), wish.period);
        let detail = format!("nothing is new for {authority} in {period}");
        Problem::new(problem::NOTHING_TO_REMIT).detail(detail)
    })
}

/// Books what became of a remittance.
pub async fn settle(
    gateway: &Gateway,
    facts_version: i64,
    key: KeyClaim,
    id: RemittanceId,
    settled: Settled,
) -> Result<Outcome, Problem> {
    let RemittanceRecord { account, paid, .. } = get(gateway, id).await?.record;
    let open = Open { of: Outgoing::Remittance(id), from: account.account(), amount: paid };
    outgoing::settle(gateway, facts_version, key, (open, settled), |_| None).await
}

/// A remittance.
pub async fn get(gateway: &Gateway, id: RemittanceId) -> Result<StoredRemittance, Problem> {
    let found = gateway.store.read(move |db| remittance_get(db, id)).await?;
    found.ok_or_else(Problem::not_found)
}
