//! What is owed to tax authorities: the taxes of what was sold, less those of what went back.
//!
//! The smallest part that is kept is a month: what was sold in it, and what went back in it of each month's sales. So a
//! quarter is three months, and whatever part of a month was paid is known, whichever period it was paid for.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use purser_money::{Currency, Money, MoneyError, Percent};
use serde::{Deserialize, Serialize};

use crate::{
    account::{Account, Authority, Taxpayer},
    period::{Month, Period},
    record::ItemRecord,
    tax::ItemTax,
};

/// Who owes to whom, in which currency: one account of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaxAccount {
    /// Who owes.
    pub taxpayer: Taxpayer,
    /// To whom.
    pub authority: Authority,
    /// In which currency.
    pub currency: Currency,
}

/// What makes taxes one line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LineKey {
    /// When it was sold or, of what went back, when it went back.
    pub made: Month,
    /// When it was sold.
    pub sold: Month,
    /// The place whose tax it is.
    pub jurisdiction: String,
    /// What it is.
    pub category: String,
    /// Why this rate.
    pub reason: String,
    /// The rate.
    pub rate: Percent,
}

/// The lines of one tax account, with base and tax in minor units; below zero where more went back than was sold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lines(BTreeMap<LineKey, (i64, i64)>);

/// What was sold and what went back, by tax account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Activity(BTreeMap<TaxAccount, Lines>);

/// One row of a return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnRow {
    /// The place whose tax it is.
    pub jurisdiction: String,
    /// What was sold.
    pub category: String,
    /// Why this rate.
    pub reason: String,
    /// The rate.
    pub rate: Percent,
    /// The net.
    pub base: Money,
    /// The tax on it.
    pub tax: Money,
    /// The earlier period that it corrects.
    pub corrects: Option<Period>,
}

/// A line as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    #[serde(flatten)]
    key: LineKey,
    base: i64,
    tax: i64,
}

impl TaxAccount {
    /// Its place in the chart.
    pub fn account(&self) -> Account {
        Account::Tax(self.taxpayer, self.authority.clone(), self.currency)
    }
}

impl Activity {
    /// An item was sold.
    pub fn sold(&mut self, item: &ItemRecord) -> Result<(), MoneyError> {
        let month = Month::at(item.at);
        item.taxes.iter().try_for_each(|tax| {
            self.add(item.taxpayer, (month, month), tax, (tax.base.minor(), tax.tax.minor()))
        })
    }

    /// An item went back at this moment.
    pub fn went_back(&mut self, item: &ItemRecord, at: Timestamp) -> Result<(), MoneyError> {
        let months = (Month::at(at), Month::at(item.at));
        item.taxes.iter().try_for_each(|tax| {
            let (base, tax_minor) = (tax.base.negated()?.minor(), tax.tax.negated()?.minor());
            self.add(item.taxpayer, months, tax, (base, tax_minor))
        })
    }

    fn add(
        &mut self,
        taxpayer: Taxpayer,
        (made, sold): (Month, Month),
        tax: &ItemTax,
        amounts: (i64, i64),
    ) -> Result<(), MoneyError> {
        // The name was checked when the plugin answered.
        let authority =
            Authority::parse(&tax.authority).map_err(|_| MoneyError::MalformedAmount)?;
        let account = TaxAccount { taxpayer, authority, currency: tax.tax.currency() };
        let key = LineKey {
            made,
            sold,
            jurisdiction: tax.jurisdiction.clone(),
            category: tax.category.clone(),
            reason: tax.reason.clone(),
            rate: tax.rate,
        };
        self.0.entry(account).or_default().add(key, amounts)
    }

    /// The lines of an account.
    pub fn of(&self, account: &TaxAccount) -> Lines {
        self.0.get(account).cloned().unwrap_or_default()
    }

    /// The accounts that anything was sold or went back under.
    pub fn accounts(&self) -> impl Iterator<Item = (&TaxAccount, &Lines)> {
        self.0.iter()
    }
}

impl Lines {
    fn add(&mut self, key: LineKey, (base, tax): (i64, i64)) -> Result<(), MoneyError> {
        let amounts = self.0.entry(key).or_default();
        let sum = |one: i64, other: i64| one.checked_add(other).ok_or(MoneyError::Overflow);
        *amounts = (sum(amounts.0, base)?, sum(amounts.1, tax)?);
        Ok(())
    }

    /// Adds others to these.
    pub fn absorb(&mut self, other: &Self) -> Result<(), MoneyError> {
        other.0.iter().try_for_each(|(key, amounts)| self.add(key.clone(), *amounts))
    }

    /// These and others together.
    pub fn plus(mut self, other: &Self) -> Result<Self, MoneyError> {
        self.absorb(other)?;
        Ok(self.without_nothing())
    }

    /// What is left of these without others.
    pub fn less(mut self, other: &Self) -> Result<Self, MoneyError> {
        let negated = |minor: i64| minor.checked_neg().ok_or(MoneyError::Overflow);
        for (key, (base, tax)) in &other.0 {
            self.add(key.clone(), (negated(*base)?, negated(*tax)?))?;
        }
        Ok(self.without_nothing())
    }

    /// Those that were made in these months.
    pub fn made_in(&self, months: &BTreeSet<Month>) -> Self {
        let made = self.0.iter().filter(|(key, _)| months.contains(&key.made));
        Self(made.map(|(key, amounts)| (key.clone(), *amounts)).collect()).without_nothing()
    }

    fn without_nothing(mut self) -> Self {
        self.0.retain(|_, amounts| *amounts != (0, 0));
        self
    }

    /// Whether there is nothing in them.
    pub fn is_empty(&self) -> bool {
        self.0.values().all(|amounts| *amounts == (0, 0))
    }

    /// The tax by the month in which it was made, in minor units.
    pub fn tax_by_month(&self) -> BTreeMap<Month, i128> {
        let mut by_month: BTreeMap<Month, i128> = BTreeMap::new();
        for (key, (_, tax)) in &self.0 {
            let sum = by_month.entry(key.made).or_default();
            *sum = sum.saturating_add(i128::from(*tax));
        }
        by_month
    }

    /// Base and tax of all lines together.
    pub fn totals(&self, currency: Currency) -> Result<(Money, Money), MoneyError> {
        let sum = |part: fn(&(i64, i64)) -> i64| {
            let amounts = self.0.values().map(|amounts| Money::new(part(amounts), currency));
            Money::sum(amounts, currency)
        };
        Ok((sum(|(base, _)| *base)?, sum(|(_, tax)| *tax)?))
    }

    /// The rows of the return of a period: what was sold before it, and is told of now, corrects the period in which
    /// it was sold. What was sold and went back within the period is in none.
    pub fn rows(&self, period: Period, currency: Currency) -> Result<Vec<ReturnRow>, MoneyError> {
        // Corrections behind sales, the oldest first.
        let mut merged: BTreeMap<(Option<Month>, LineKey), (i64, i64)> = BTreeMap::new();
        let first = |month: Month| period.like(month).months().first().copied().unwrap_or(month);
        for (key, (base, tax)) in &self.0 {
            let sold = first(key.sold);
            let corrects = (!period.contains(key.sold)).then_some(sold);
            let key = LineKey { made: sold, sold, ..key.clone() };
            let amounts = merged.entry((corrects, key)).or_default();
            let sum = |one: i64, other: i64| one.checked_add(other).ok_or(MoneyError::Overflow);
            *amounts = (sum(amounts.0, *base)?, sum(amounts.1, *tax)?);
        }
        merged.retain(|_, amounts| *amounts != (0, 0));
        let row = |((corrects, key), (base, tax)): ((Option<Month>, LineKey), (i64, i64))| {
            let LineKey { jurisdiction, category, reason, rate, .. } = key;
            let (base, tax) = (Money::new(base, currency), Money::new(tax, currency));
            let corrects = corrects.map(|month| period.like(month));
            ReturnRow { jurisdiction, category, reason, rate, base, tax, corrects }
        };
        Ok(merged.into_iter().map(row).collect())
    }
}

impl Serialize for Lines {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let kept = self.0.iter().map(|(key, (base, tax))| Kept {
            key: key.clone(),
            base: *base,
            tax: *tax,
        });
        to.collect_seq(kept)
    }
}

impl<'de> Deserialize<'de> for Lines {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let kept: Vec<Kept> = Vec::deserialize(from)?;
        Ok(Self(kept.into_iter().map(|line| (line.key, (line.base, line.tax))).collect()))
    }
}
