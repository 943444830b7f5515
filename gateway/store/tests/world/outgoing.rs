//! Remittances and payouts, counted as the server counts them.

use std::collections::BTreeSet;

use purser_core::{
    account::{Account, Authority, Taxpayer},
    command::Command,
    ids::{EntryId, MerchantId, PayoutId, RemittanceId},
    jws::SigningKey,
    liability::TaxAccount,
    money::Money,
    outgoing::{Outgoing, Settle, Settled},
    payout::Payout,
    period::Period,
    record::{FilingRecord, RemittanceRecord},
    remittance::{Remit, payable},
    secret::Secret,
};
use purser_store::{
    Store, open_balance,
    read::{
        liability::{activity, position_latest},
        remittance::{remittances_live, tax_account_count},
    },
};

use super::{at, evidence, fresh, usd};

/// The key that the journal of these tests is sealed with.
pub(crate) fn signing_key() -> SigningKey {
    SigningKey::from_seed(&Secret::new([7; 32])).unwrap()
}

/// The tax account of a merchant for Germany, in dollars.
pub(crate) fn tax_account(merchant: MerchantId) -> TaxAccount {
    TaxAccount {
        taxpayer: Taxpayer::Merchant(merchant),
        authority: Authority::parse("DE").unwrap(),
        currency: usd(0).currency(),
    }
}

/// A remittance of all that the merchant owes for June 2024 and has not told of; nothing if there is nothing.
pub(crate) async fn remit(store: &Store, merchant: MerchantId) -> Option<Box<Remit>> {
    while store.seal(&signing_key(), at(1)).await.unwrap() > 0 {}
    let account = tax_account(merchant);
    let (period, currency): (Period, _) = ("2024-06".parse().unwrap(), account.currency);
    let counted = store.read(move |db| {
        let months: BTreeSet<_> = period.months().into_iter().collect();
        let number = tax_account_count(db, &account.account())?;
        let live = remittances_live(db, &account)?;
        let position = position_latest(db)?;
        let activity = activity(db, &months, position, Some(account.taxpayer))?;
        let holds = open_balance(db, &account.account())?.pop().unwrap_or(usd(0));
        Ok((number, live, position, activity.of(&account), holds))
    });
    let (number, live, position, mut lines, holds) = counted.await.unwrap();
    let mut carried = Money::zero(currency);
    for record in &live {
        lines = lines.less(&record.lines).unwrap();
        carried = carried.plus(record.tax.minus(record.paid).unwrap()).unwrap();
    }
    if lines.is_empty() {
        return None;
    }
    let (base, tax) = lines.totals(currency).unwrap();
    let paid = payable(tax, carried).unwrap();
    let (id, evidence) = (RemittanceId::from_random(fresh()), evidence("file-return"));
    let record = RemittanceRecord {
        id,
        at: at(0),
        account: tax_account(merchant),
        period,
        number,
        position,
        months: period.months(),
        counted: live.iter().map(|record| record.id).collect(),
        lines,
        base,
        tax,
        carried,
        paid,
        evidence: evidence.id,
    };
    let filing = FilingRecord::new(id, "text/csv".into(), "return.csv".into(), b"tax".to_vec());
    let short = paid.minus(holds).unwrap();
    let may_lack = if short.is_positive() { short } else { usd(0) };
    let entry = EntryId::from_random(fresh());
    Some(Box::new(Remit { record, filing, evidence, may_lack, entry }))
}

/// A payout of all that a merchant is owed in dollars, which it is told of.
pub(crate) fn payout(merchant: MerchantId) -> Payout {
    let (id, entry) = (PayoutId::from_random(fresh()), EntryId::from_random(fresh()));
    Payout { id, merchant, told: usd(i64::MAX), untold: usd(0), entry }
}

/// What became of a remittance.
pub(crate) fn settle_remittance(record: &RemittanceRecord, settled: Settled) -> Command {
    let of = Outgoing::Remittance(record.id);
    settle(of, record.account.account(), record.paid, settled)
}

/// What became of a payout.
pub(crate) fn settle_payout(
    id: PayoutId,
    merchant: MerchantId,
    amount: Money,
    settled: Settled,
) -> Command {
    let from = Account::Merchant(merchant, amount.currency());
    settle(Outgoing::Payout(id), from, amount, settled)
}

fn settle(of: Outgoing, from: Account, amount: Money, settled: Settled) -> Command {
    let entry = EntryId::from_random(fresh());
    Command::Settle(Box::new(Settle { of, from, amount, settled, entry, event: None }))
}
