//! What clients are answered: the shapes of the contract, made from the core's own types.

use purser_core::{
    Date, Timestamp,
    ids::{AccountId, ItemId, LoadId, LogId, MerchantId, PurchaseId, RefundId, TransferId},
    record::{ItemRecord, LoadRecord, LogRecord},
    tax::ItemTax,
    vault::VaultView,
};
use purser_money::{Leg, Operation};
use purser_store::read::{page::Paged, purchase::StoredPurchase};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    app::{
        basket::{Basket, BasketItem},
        refund::Refunded,
        transfer::Transferred,
        vault,
    },
    gateway::Gateway,
};

/// An amount with all decimals of its currency.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Money {
    /// A decimal string; below zero only where a balance or a correction can be.
    #[schema(pattern = r"^-?(0|[1-9]\d*)(\.\d+)?$", example = "12.34")]
    pub amount: String,
    /// Three capital letters of ISO 4217.
    #[schema(value_type = String, pattern = "^[A-Z]{3}$", example = "EUR")]
    pub currency: purser_money::Currency,
}

impl From<purser_money::Money> for Money {
    fn from(money: purser_money::Money) -> Self {
        Self { amount: money.amount(), currency: money.currency() }
    }
}

/// A page of a list, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// The rows.
    pub data: Vec<T>,
    /// What to give as `after` for the next page; null on the last.
    #[schema(required = true)]
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// A page, its rows made into answers.
    pub fn of<R>(page: Paged<R>, answer: impl FnMut(R) -> T) -> Self {
        Self { data: page.rows.into_iter().map(answer).collect(), next: page.next }
    }
}

/// A vault.
#[derive(Debug, Serialize, ToSchema)]
pub struct Vault {
    /// The account.
    #[schema(value_type = String, example = "acct_5x3q0n2v7k9m4p6r8t1w0y2z3b")]
    pub id: AccountId,
    /// What it holds.
    pub balance: Money,
    /// Whether it may be used.
    pub status: VaultStatus,
    /// What others send value to.
    pub handle: String,
    /// Refunds taken in the running period.
    pub refund_account: RefundAccount,
    /// Where the rest of a closed vault is.
    #[schema(required = true)]
    pub compensation: Option<Compensation>,
}

/// Whether a vault may be used.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum VaultStatus {
    /// It may.
    Active,
    /// It is closed for good.
    Inactive,
}

/// The refund account beside a vault.
#[derive(Debug, Serialize, ToSchema)]
pub struct RefundAccount {
    /// What came back in the running period.
    pub total: Money,
    /// How often.
    pub count: u32,
    /// When the period started: with its first refund.
    #[schema(required = true, value_type = Option<String>, format = DateTime)]
    pub period_started_at: Option<Timestamp>,
    /// Above this total the vault closes.
    pub max_total: Money,
    /// No more refunds than this in a period.
    pub max_count: u32,
}

/// The rest of a closed vault, as a card that can be loaded into another account.
#[derive(Debug, Serialize, ToSchema)]
pub struct Compensation {
    /// The card's code.
    pub code: String,
    /// What is on it.
    pub amount: Money,
}

impl Compensation {
    /// Derives the code again: it is kept nowhere.
    pub fn of(
        gateway: &Gateway,
        (card, left): (purser_core::ids::CardId, purser_money::Money),
    ) -> Self {
        Self {
            code: vault::compensation_code(gateway, card).expose().to_owned(),
            amount: left.into(),
        }
    }
}

impl Vault {
    /// A vault as its owner sees it.
    pub fn of(gateway: &Gateway, view: VaultView) -> Self {
        Self {
            id: view.account,
            balance: view.balance.into(),
            status: if view.active { VaultStatus::Active } else { VaultStatus::Inactive },
            handle: view.handle,
            refund_account: RefundAccount {
                total: view.refund_total.into(),
                count: view.refund_count,
                period_started_at: view.period_started_at,
                max_total: view.policy.max_total.into(),
                max_count: view.policy.max_count,
            },
            compensation: view.compensation.map(|left| Compensation::of(gateway, left)),
        }
    }
}

/// A load of a vault.
#[derive(Debug, Serialize, ToSchema)]
pub struct Load {
    /// Its name.
    #[schema(value_type = String)]
    pub id: LoadId,
    /// What left the card.
    pub taken: Money,
    /// What reached the vault.
    pub credited: Money,
    /// What the conversion cost.
    pub spread: Money,
    /// Units of account for one unit of the card's currency, for display; `1` without a conversion.
    pub rate: String,
    /// Every step by a published rate: with them `taken` can be computed again.
    pub legs: Vec<LegOut>,
    /// Who published the rates.
    #[schema(required = true)]
    pub rate_source: Option<String>,
    /// The day of the rates.
    #[schema(required = true, value_type = Option<String>, format = Date)]
    pub rate_as_of: Option<Date>,
}

/// One step of a conversion.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Leg)]
pub struct LegOut {
    /// Multiply or divide.
    #[schema(value_type = String, pattern = "^(multiply|divide)$")]
    pub operation: Operation,
    /// By this rate, as published.
    pub rate: String,
}

impl From<&Leg> for LegOut {
    fn from(leg: &Leg) -> Self {
        Self { operation: leg.operation, rate: leg.rate.to_string() }
    }
}

impl From<LoadRecord> for Load {
    fn from(record: LoadRecord) -> Self {
        Self {
            id: record.id,
            taken: record.taken.into(),
            credited: record.credited.into(),
            spread: record.spread.into(),
            rate: record.rate,
            legs: record.legs.iter().map(Into::into).collect(),
            rate_source: record.rate_source,
            rate_as_of: record.rate_as_of,
        }
    }
}

/// One tax on one item.
#[derive(Debug, Serialize, ToSchema)]
pub struct Tax {
    /// As printed on a receipt in the country.
    pub name: String,
    /// The place whose tax it is.
    pub jurisdiction: String,
    /// The category it was judged by.
    pub category: String,
    /// Why this rate: `standard`, `reduced`, `reverse-charge`, ...
    pub reason: String,
    /// Percent.
    #[schema(example = "19")]
    pub rate: String,
    /// The item's share of the base.
    pub base: Money,
    /// The item's share of the tax.
    pub tax: Money,
}

impl From<&ItemTax> for Tax {
    fn from(tax: &ItemTax) -> Self {
        Self {
            name: tax.name.clone(),
            jurisdiction: tax.jurisdiction.clone(),
            category: tax.category.clone(),
            reason: tax.reason.clone(),
            rate: tax.rate.to_string(),
            base: tax.base.into(),
            tax: tax.tax.into(),
        }
    }
}

/// What a purchase would cost.
#[derive(Debug, Serialize, ToSchema)]
pub struct Quote {
    /// What would leave the vault.
    pub total: Money,
    /// In request order.
    pub items: Vec<QuotedItem>,
}

/// An item of a quote.
#[derive(Debug, Serialize, ToSchema)]
pub struct QuotedItem {
    /// The merchant's own id of the offer.
    pub offer_id: String,
    /// The merchant.
    #[schema(value_type = String)]
    pub merchant: MerchantId,
    /// What it is.
    pub title: String,
    /// The price as offered.
    pub price: Money,
    /// The taxes.
    pub taxes: Vec<Tax>,
    /// The price with tax.
    pub gross: Money,
    /// What would leave the vault for it.
    pub charged: Money,
    /// Units of account for one unit of the price's currency, for display.
    pub rate: String,
}

impl From<&Basket> for Quote {
    fn from(basket: &Basket) -> Self {
        Self { total: basket.total.into(), items: basket.items.iter().map(Into::into).collect() }
    }
}

impl From<&BasketItem> for QuotedItem {
    fn from(item: &BasketItem) -> Self {
        Self {
            offer_id: item.offer.id.clone(),
            merchant: item.merchant.id,
            title: item.offer.item.title.clone(),
            price: item.offer.price.into(),
            taxes: item.taxed.taxes.iter().map(Into::into).collect(),
            gross: item.price.gross.into(),
            charged: item.price.charged.into(),
            rate: item.rate.clone(),
        }
    }
}

/// A purchase.
#[derive(Debug, Serialize, ToSchema)]
pub struct Purchase {
    /// Its name, which no merchant learns.
    #[schema(value_type = String)]
    pub id: PurchaseId,
    /// `paid`.
    pub status: &'static str,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// What left the vault.
    pub total: Money,
    /// In request order.
    pub items: Vec<Item>,
    /// The buyer's signed receipt, a compact JWS.
    pub receipt: String,
    /// Each merchant's own signed receipt.
    pub receipts: Vec<SaleReceipt>,
}

/// One merchant's receipt.
#[derive(Debug, Serialize, ToSchema)]
pub struct SaleReceipt {
    /// Whose.
    #[schema(value_type = String)]
    pub merchant: MerchantId,
    /// A compact JWS.
    pub receipt: String,
}

/// One offer bought within a purchase.
#[derive(Debug, Serialize, ToSchema)]
pub struct Item {
    /// Its name: what a refund asks for.
    #[schema(value_type = String)]
    pub id: ItemId,
    /// The merchant's own id of the offer.
    pub offer_id: String,
    /// The merchant.
    #[schema(value_type = String)]
    pub merchant: MerchantId,
    /// What it is.
    pub title: String,
    /// The price as offered.
    pub price: Money,
    /// The taxes.
    pub taxes: Vec<Tax>,
    /// The price with tax.
    pub gross: Money,
    /// What left the vault for it, and comes back with a refund.
    pub charged: Money,
    /// Units of account for one unit of the price's currency, for display.
    pub rate: String,
    /// Whether it went back.
    pub refunded: bool,
}

impl From<StoredPurchase> for Purchase {
    fn from(StoredPurchase { record, items }: StoredPurchase) -> Self {
        let receipt = |(merchant, receipt)| SaleReceipt { merchant, receipt };
        Self {
            id: record.id,
            status: "paid",
            created_at: record.at,
            total: record.total.into(),
            items: items.iter().map(|item| Item::of(&item.record, item.refund.is_some())).collect(),
            receipt: record.receipt,
            receipts: record.sale_receipts.into_iter().map(receipt).collect(),
        }
    }
}

impl Item {
    fn of(item: &ItemRecord, refunded: bool) -> Self {
        Self {
            id: item.id,
            offer_id: item.offer_id.clone(),
            merchant: item.merchant,
            title: item.title.clone(),
            price: item.price.into(),
            taxes: item.taxes.iter().map(Into::into).collect(),
            gross: item.gross.into(),
            charged: item.charged.into(),
            rate: item.rate.clone(),
            refunded,
        }
    }
}

/// A refund that a buyer took.
#[derive(Debug, Serialize, ToSchema)]
pub struct Refund {
    /// Its name.
    #[schema(value_type = String)]
    pub id: RefundId,
    /// Of what.
    #[schema(value_type = String)]
    pub item: ItemId,
    /// What came back.
    pub credited: Money,
    /// The vault afterwards.
    pub vault: Option<Vault>,
}

impl Refund {
    /// The refund, with the vault as it was right afterwards.
    pub fn of(gateway: &Gateway, refunded: Refunded) -> Self {
        Self {
            id: refunded.id,
            item: refunded.item,
            credited: refunded.credited.into(),
            vault: refunded.vault.map(|view| Vault::of(gateway, *view)),
        }
    }
}

/// A transfer to another buyer.
#[derive(Debug, Serialize, ToSchema)]
pub struct Transfer {
    /// Its name.
    #[schema(value_type = String)]
    pub id: TransferId,
    /// The handle it went to.
    pub to: String,
    /// How much.
    pub amount: Money,
}

impl From<Transferred> for Transfer {
    fn from(transferred: Transferred) -> Self {
        Self { id: transferred.id, to: transferred.to, amount: transferred.amount.into() }
    }
}

/// A line of the transaction log.
#[derive(Debug, Serialize, ToSchema)]
pub struct Transaction {
    /// Its name.
    #[schema(value_type = String)]
    pub id: LogId,
    /// `load`, `purchase`, `refund`, `transfer-in`, `transfer-out` or `compensation`.
    pub kind: &'static str,
    /// `done`, or the name of the problem.
    pub outcome: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// How much.
    pub amount: Money,
    /// What the vault held afterwards.
    pub balance: Money,
    /// The id of what it is about.
    #[schema(required = true)]
    pub object: Option<String>,
}

impl From<LogRecord> for Transaction {
    fn from(line: LogRecord) -> Self {
        Self {
            id: line.id,
            kind: line.kind.name(),
            outcome: line.outcome,
            at: line.at,
            amount: line.amount.into(),
            balance: line.balance.into(),
            object: Some(line.object).filter(|object| !object.is_empty()),
        }
    }
}

/// What erasing an account leaves.
#[derive(Debug, Serialize, ToSchema)]
pub struct Erased {
    /// The card that holds what was left in the vault.
    #[schema(required = true)]
    pub compensation: Option<Compensation>,
}
