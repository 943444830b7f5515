//! What is owed to tax authorities, from the ledger's own records: what was sold and went back, less what earlier
//! remittances told of it.

use std::collections::BTreeSet;

use purser_core::{
    account::{Authority, Taxpayer},
    ids::RemittanceId,
    liability::{Activity, Lines, ReturnRow, TaxAccount},
    period::{Month, Period},
    record::RemittanceRecord,
    remittance::payable,
};
use purser_money::{Currency, Money, MoneyError};
use purser_store::{
    Connection, StoreError, open_balance,
    read::{
        liability::{activity, position_latest, positions_wait},
        remittance::{remittances_live, tax_account_count},
    },
};

use crate::{
    gateway::Gateway,
    problem::{self, Problem},
};

/// Seals of 500 entries that are made before what is owed is counted: more than wait, and an end.
const SEALS_MAX: usize = 200;

/// What is owed under one tax account for one period.
#[derive(Debug, Clone)]
pub struct Owed {
    /// Who owes to whom.
    pub account: TaxAccount,
    /// What for.
    pub period: Period,
    /// How many remittances, and ends of remittances, the account had.
    pub number: i64,
    /// The last entry of the journal that was looked at.
    pub position: i64,
    /// The months that are told of.
    pub months: Vec<Month>,
    /// The remittances that told something before.
    pub counted: Vec<RemittanceId>,
    /// What is to be told.
    pub lines: Lines,
    /// The net of it.
    pub base: Money,
    /// The tax of it.
    pub tax: Money,
    /// What the remittances before left.
    pub carried: Money,
    /// What is to be paid.
    pub payable: Money,
    /// What the account holds.
    pub holds: Money,
}

/// Which part of what is owed.
#[derive(Debug, Clone)]
pub struct Part {
    /// For which period.
    pub period: Period,
    /// To whom; to everybody, if not said.
    pub authority: Option<Authority>,
    /// By whom; by everybody, if not said.
    pub taxpayer: Option<Taxpayer>,
    /// In which currency; in all, if not said.
    pub currency: Option<Currency>,
}

impl Owed {
    /// The rows of its return.
    pub fn rows(&self) -> Result<Vec<ReturnRow>, MoneyError> {
        self.lines.rows(self.period, self.account.currency)
    }
}

/// What is owed, by taxpayer, authority and currency. Where nothing is new there is nothing.
pub async fn owed(gateway: &Gateway, part: Part) -> Result<Vec<Owed>, Problem> {
    seal(gateway).await?;
    let found = gateway.store.read(move |db| read(db, &part)).await?;
    Ok(found)
}

/// Gives all that was done a position in the journal, which is the end of what is counted.
async fn seal(gateway: &Gateway) -> Result<(), Problem> {
    for _ in 0..SEALS_MAX {
        let sealed = gateway.store.seal(&gateway.keys.signing, gateway.now()).await?;
        // Another sealer may have been faster.
        if sealed == 0 && !gateway.store.read(positions_wait).await? {
            return Ok(());
        }
    }
    Err(Problem::new(problem::OVERLOADED).retry_after(1))
}

fn read(db: &mut Connection, part: &Part) -> Result<Vec<Owed>, StoreError> {
    let position = position_latest(db)?;
    let period = part.period;
    let both = period.before().months().into_iter().chain(period.months());
    let made: BTreeSet<Month> = both.collect();
    let activity = activity(db, &made, position, part.taxpayer)?;
    let wanted = |account: &&TaxAccount| {
        part.authority.as_ref().is_none_or(|authority| *authority == account.authority)
            && part.taxpayer.is_none_or(|taxpayer| taxpayer == account.taxpayer)
            && part.currency.is_none_or(|currency| currency == account.currency)
    };
    let accounts: Vec<TaxAccount> =
        activity.accounts().map(|(account, _)| account).filter(wanted).cloned().collect();
    let mut owed = Vec::new();
    for account in accounts {
        let found = of_account(db, account, (period, position), &activity)?;
        if !found.lines.is_empty() {
            owed.push(found);
        }
    }
    Ok(owed)
}

fn of_account(
    db: &mut Connection,
    account: TaxAccount,
    (period, position): (Period, i64),
    activity: &Activity,
) -> Result<Owed, StoreError> {
    // First, so that a remittance that is made meanwhile is noticed under the lock.
    let number = tax_account_count(db, &account.account())?;
    let live = remittances_live(db, &account)?;
    let held = open_balance(db, &account.account())?;
    let zero = Money::zero(account.currency);
    let holds = held.into_iter().find(|held| held.currency() == account.currency).unwrap_or(zero);
    let fault = |error: MoneyError| {
        StoreError::corrupt("remittance", format_args!("what {account:?} owes: {error}"))
    };
    let months = months(period, &live);
    let lines = activity.of(&account).made_in(&months);
    let lines = told(&live, &months).and_then(|told| lines.less(&told)).map_err(fault)?;
    let (base, tax) = lines.totals(account.currency).map_err(fault)?;
    let left = |record: &RemittanceRecord| record.tax.minus(record.paid);
    let carried =
        live.iter().try_fold(zero, |sum, record| sum.plus(left(record)?)).map_err(fault)?;
    let payable = payable(tax, carried).map_err(fault)?;
    Ok(Owed {
        period,
        number,
        position,
        months: months.into_iter().collect(),
        counted: live.iter().map(|record| record.id).collect(),
        lines,
        base,
        tax,
        carried,
        payable,
        holds,
        account,
    })
}

/// The months of the period, and those of the one before that were told of: what came after their return was
/// written is told with this one, as a correction.
fn months(period: Period, live: &[RemittanceRecord]) -> BTreeSet<Month> {
    let told = |month: &Month| live.iter().any(|record| record.months.contains(month));
    period.before().months().into_iter().filter(told).chain(period.months()).collect()
}

/// What was told of these months before.
fn told(live: &[RemittanceRecord], months: &BTreeSet<Month>) -> Result<Lines, MoneyError> {
    live.iter().try_fold(Lines::default(), |all, record| all.plus(&record.lines.made_in(months)))
}
