//! Purchases: pricing a basket, and paying for it.

use jiff::{SignedDuration, Timestamp};
use purser_money::{Money, MoneyError, Percent, Rounding};

use crate::{
    account::{Account, Authority, Taxpayer},
    books::{Books, LARGE_MINOR, Needs},
    command::{Answer, Note, Stop, active_vault, done_line, vault_needs},
    entry::{Entry, EntryKind, Posting, check},
    ids::{EntryId, LogId, MerchantId, RefundId, TIME_SHIFT},
    period::day,
    policy::Limits,
    rate::{ConversionError, Route},
    record::{EventRecord, EvidenceRecord, ItemRecord, LogKind, OfferUse, PurchaseRecord},
    refusal::Refusal,
    tax::{ItemTax, TaxedLine},
};

/// The longest that one of several shops of a purchase waits until it is told.
pub const TOLD_WITHIN_MAX: SignedDuration = SignedDuration::from_mins(10);

/// Whether the time of a sale may be that of one of several of a purchase: little later, of the same day in UTC, by which
/// taxes are judged.
pub fn is_time_of_part(purchase: Timestamp, sale: Timestamp) -> bool {
    let later = sale.duration_since(purchase);
    day(sale) == day(purchase) && !later.is_negative() && later <= TOLD_WITHIN_MAX
}

/// When a shop is told that an item went back: at `at`, when it did, unless the shop was not told of the sale yet. Then it is as
/// many milliseconds behind the sale as the ids of both are apart; the digits below are those of `at`, which the shop is not
/// told: from those of the sale, or of an id, it could tell which refunds these are.
pub fn refund_told_at(item: &ItemRecord, refund: RefundId, at: Timestamp) -> Timestamp {
    if item.at <= at {
        return at;
    }
    let ms = |bits: u128| bits >> TIME_SHIFT;
    let behind_ms = ms(refund.bits()).saturating_sub(ms(item.id.bits()));
    let behind_ms = i64::try_from(behind_ms).unwrap_or(0);
    let below_ms = |moment: Timestamp| moment.as_microsecond().rem_euclid(1_000);
    let behind_us = behind_ms.saturating_mul(1_000).saturating_add(below_ms(at));
    let told_us = item.at.as_microsecond().saturating_sub(below_ms(item.at));
    Timestamp::from_microsecond(told_us.saturating_add(behind_us)).unwrap_or(item.at)
}

/// A prepared purchase.
#[derive(Debug, Clone)]
pub struct Purchase {
    /// What is to be kept of it.
    pub record: PurchaseRecord,
    /// Its items, in request order.
    pub items: Vec<ItemRecord>,
    /// The offers in it that can be bought once only.
    pub single_use: Vec<OfferUse>,
    /// The limits of the buyer's country.
    pub limits: Limits,
    /// The plugin calls behind it.
    pub evidence: Vec<EvidenceRecord>,
    /// One for each merchant.
    pub events: Vec<EventRecord>,
    /// Its entry.
    pub entry: EntryId,
    /// Its line in the transaction log.
    pub log: LogId,
}

/// What an item costs, and who gets what of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    /// Without tax.
    pub net: Money,
    /// With tax.
    pub gross: Money,
    /// The gateway's part of the net.
    pub fee: Money,
    /// What leaves the vault.
    pub charged: Money,
}

/// Prices one item: its fee is half-up of its net, and what leaves the vault is rounded up, never in favour
/// of whoever asks for the conversion.
pub fn price(line: &TaxedLine, fee: Percent, route: &Route) -> Result<Price, ConversionError> {
    let charged = route.convert(line.gross, Rounding::Up)?;
    let fee = fee.of(line.net, Rounding::HalfUp)?;
    Ok(Price { net: line.net, gross: line.gross, fee, charged })
}

impl Purchase {
    pub(crate) fn needs(&self) -> Needs {
        let mut needs = vault_needs(self.record.account);
        needs.offers.extend(self.single_use.iter().cloned());
        if self.is_large() {
            // Legs that do not fit are refused when the purchase is decided.
            needs.lock_large(&purchase_postings(&self.items).unwrap_or_default());
        }
        needs
    }

    pub(crate) fn apply(&self, at: Timestamp, books: &mut Books) -> Result<Answer, Stop> {
        let record = &self.record;
        self.check_items()?;
        active_vault(record.account, books)?;
        self.limits.check_payment(record.total)?;
        books.post(Entry::new(
            self.entry,
            at,
            EntryKind::Purchase,
            record.id,
            purchase_postings(&self.items)?,
        )?)?;
        self.use_offers(books)?;
        let line = done_line(
            (self.log, record.account, LogKind::Purchase),
            at,
            record.total,
            record.id,
            books,
        );
        let write = books.write();
        write.purchases.push(record.clone());
        write.items.extend(self.items.iter().cloned());
        write.evidence.extend(self.evidence.iter().cloned());
        write.events.extend(self.events.iter().cloned());
        books.log(line);
        Ok(Answer::Purchased { purchase: record.id })
    }

    /// The line in the transaction log, should it be refused.
    pub(crate) fn note(&self) -> Note {
        Note {
            log: self.log,
            account: self.record.account,
            kind: LogKind::Purchase,
            outcome: String::new(),
            amount: self.record.total,
            object: String::new(),
        }
    }
}

impl Purchase {
    /// Whether a leg may be large: none is larger than all items together.
    fn is_large(&self) -> bool {
        let gross = self.items.iter().map(|item| item.gross.minor());
        self.record.total.minor() > LARGE_MINOR || gross.fold(0, i64::saturating_add) > LARGE_MINOR
    }

    /// Last of all that may be refused, and without saying which of several offers was bought: nobody learns that without
    /// buying (docs/decisions/0030).
    fn use_offers(&self, books: &mut Books) -> Result<(), Refusal> {
        for offer in &self.single_use {
            if books.is_offer_used(offer) {
                let alone = self.single_use.len() == 1;
                let offer = alone.then(|| offer.offer_id.clone());
                return Err(Refusal::OfferAlreadyUsed { offer });
            }
            books.use_offer(offer.clone());
        }
        Ok(())
    }

    /// The total is what its items were charged, and each item can be refunded by itself.
    fn check_items(&self) -> Result<(), Stop> {
        let PurchaseRecord { id, account, total, .. } = &self.record;
        if self.items.iter().any(|item| item.purchase != *id || item.account != *account) {
            return Err(Stop::Broken("an item of another purchase".to_owned()));
        }
        let charged = self.items.iter().map(|item| item.charged);
        if Money::sum(charged, total.currency())? != *total {
            return Err(Stop::Broken("the total is not the sum of the items".to_owned()));
        }
        for item in &self.items {
            let mut legs = item_postings(item)?;
            legs.retain(|leg| !leg.amount.is_zero());
            check(&legs)?;
        }
        Ok(())
    }
}

/// The legs of a purchase, one for each account and side.
pub fn purchase_postings(items: &[ItemRecord]) -> Result<Vec<Posting>, MoneyError> {
    let mut merged: Vec<Posting> = Vec::new();
    for leg in items.iter().map(item_postings).collect::<Result<Vec<_>, _>>()?.into_iter().flatten()
    {
        let same = |known: &&mut Posting| {
            known.account == leg.account
                && known.side == leg.side
                && known.amount.currency() == leg.amount.currency()
        };
        match merged.iter_mut().find(same) {
            Some(known) => known.amount = known.amount.plus(leg.amount)?,
            None => merged.push(leg),
        }
    }
    Ok(merged)
}

/// The legs of one item. A refund is these, reversed.
pub(crate) fn item_postings(item: &ItemRecord) -> Result<Vec<Posting>, MoneyError> {
    let ItemRecord { account, merchant, gross, net, fee, charged, taxpayer, taxes, .. } = item;
    let (vault, seller) = (charged.currency(), gross.currency());
    let mut legs = vec![Posting::debit(Account::Vault(*account), *charged)];
    if vault != seller {
        legs.push(Posting::credit(Account::Fx(vault), *charged));
        legs.push(Posting::debit(Account::Fx(seller), *gross));
    }
    legs.push(Posting::credit(Account::Merchant(*merchant, seller), net.minus(*fee)?));
    for tax in taxes {
        legs.push(tax_posting(*taxpayer, tax)?);
    }
    legs.push(Posting::credit(Account::IncomeFee(seller), *fee));
    Ok(legs)
}

fn tax_posting(taxpayer: Taxpayer, tax: &ItemTax) -> Result<Posting, MoneyError> {
    // The name was checked when the plugin answered.
    let authority = Authority::parse(&tax.authority).map_err(|_| MoneyError::MalformedAmount)?;
    Ok(Posting::credit(Account::Tax(taxpayer, authority, tax.tax.currency()), tax.tax))
}

/// The merchants of a purchase, each once, in order of their first item.
pub fn merchants(items: &[ItemRecord]) -> Vec<MerchantId> {
    let mut merchants = Vec::new();
    for item in items {
        if !merchants.contains(&item.merchant) {
            merchants.push(item.merchant);
        }
    }
    merchants
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_of_the_day_of_its_purchase_and_little_later() {
        let at = |text: &str| -> Timestamp { text.parse().unwrap() };
        let check = |purchase: &str, sale: &str, fits: bool| {
            assert_eq!(is_time_of_part(at(purchase), at(sale)), fits, "{purchase} {sale}");
        };
        check("2026-11-28T12:00:00Z", "2026-11-28T12:00:00Z", true);
        check("2026-11-28T12:00:00Z", "2026-11-28T12:10:00Z", true);
        check("2026-11-28T12:00:00Z", "2026-11-28T12:10:01Z", false);
        check("2026-11-28T12:00:00Z", "2026-11-28T11:59:59Z", false);
        check("2026-11-28T23:59:59Z", "2026-11-29T00:00:00Z", false);
    }
}
