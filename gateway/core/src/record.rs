//! What a decided command leaves behind, beside its entries: one struct for each table.

mod card;
mod evidence;
mod outgoing;
mod writes;

use jiff::Timestamp;
use purser_money::{Leg, Money};
use serde::{Deserialize, Serialize};

use crate::{
    account::Taxpayer,
    ids::{
        AccountId, CardId, EventId, ItemId, LoadId, LogId, MerchantId, PurchaseId, RefundId,
        SaleId, TradeId, TransferId,
    },
    tax::ItemTax,
};

pub use card::{CardKind, CardRecord, CardStatus};
pub use evidence::{EvidenceId, EvidenceRecord};
pub use outgoing::{FilingRecord, PayoutRecord, RemittanceRecord, SettlementRecord};
pub use writes::Writes;
pub(crate) use writes::WritesMark;

/// A load of a vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadRecord {
    /// Its name.
    pub id: LoadId,
    /// Whose vault.
    pub account: AccountId,
    /// From which card.
    pub card: CardId,
    /// When.
    pub at: Timestamp,
    /// What left the card.
    pub taken: Money,
    /// What reached the vault.
    pub credited: Money,
    /// What the conversion cost.
    pub spread: Money,
    /// The steps of the conversion.
    pub legs: Vec<Leg>,
    /// The rate that is shown; `1` without a conversion.
    pub rate: String,
    /// Who published the rates, if any were used.
    pub rate_source: Option<String>,
    /// The day of the rates.
    pub rate_as_of: Option<jiff::civil::Date>,
    /// The plugin calls behind it.
    pub evidence: Vec<EvidenceId>,
}

/// A purchase: its items are rows of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PurchaseRecord {
    /// Its name. The merchants never learn it.
    pub id: PurchaseId,
    /// Whose.
    pub account: AccountId,
    /// When.
    pub at: Timestamp,
    /// What left the vault.
    pub total: Money,
    /// Where the buyer consumed.
    pub country: String,
    /// The buyer's signed receipt.
    pub receipt: String,
    /// Each merchant's own signed receipt.
    pub sale_receipts: Vec<(MerchantId, String)>,
    /// The plugin calls behind it.
    pub evidence: Vec<EvidenceId>,
}

/// One offer bought within a purchase: all that a refund needs, so that no plugin is asked again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemRecord {
    /// Its name.
    pub id: ItemId,
    /// Its purchase.
    pub purchase: PurchaseId,
    /// Its place there, from 0.
    pub position: u32,
    /// The buyer.
    pub account: AccountId,
    /// The seller.
    pub merchant: MerchantId,
    /// The seller's part of the purchase.
    pub sale: SaleId,
    /// When.
    pub at: Timestamp,
    /// The offer, by the merchant's own id.
    pub offer_id: String,
    /// What it is.
    pub title: String,
    /// The price as offered.
    pub price: Money,
    /// Without tax.
    pub net: Money,
    /// With tax.
    pub gross: Money,
    /// The gateway's fee, out of the net.
    pub fee: Money,
    /// What left the vault for it.
    pub charged: Money,
    /// The rate that is shown.
    pub rate: String,
    /// Who owes the taxes.
    pub taxpayer: Taxpayer,
    /// The taxes.
    pub taxes: Vec<ItemTax>,
    /// The offer's own refund window in days, if it has one; 0 is a final sale.
    pub refund_window_days: Option<u32>,
}

/// A single-use offer that was bought.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OfferUse {
    /// Whose offer.
    pub merchant: MerchantId,
    /// By the merchant's own id.
    pub offer_id: String,
}

/// A refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundRecord {
    /// Its name.
    pub id: RefundId,
    /// Of what. No item has two.
    pub item: ItemId,
    /// To whom.
    pub account: AccountId,
    /// From whom.
    pub merchant: MerchantId,
    /// When.
    pub at: Timestamp,
    /// What came back.
    pub credited: Money,
    /// A merchant's own gift, outside the refund account.
    pub goodwill: bool,
}

/// A transfer between buyers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferRecord {
    /// Its name.
    pub id: TransferId,
    /// Who paid.
    pub from: AccountId,
    /// Who was paid.
    pub to: AccountId,
    /// When.
    pub at: Timestamp,
    /// How much.
    pub amount: Money,
}

/// The operator covered a currency position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TradeRecord {
    /// Its name.
    pub id: TradeId,
    /// When.
    pub at: Timestamp,
    /// Given away.
    pub sold: Money,
    /// Received.
    pub bought: Money,
}

/// Something a merchant is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRecord {
    /// Its name, stable over all deliveries.
    pub id: EventId,
    /// Who is told.
    pub merchant: MerchantId,
    /// `purchase.paid`, `refund.made`, ...
    pub kind: &'static str,
    /// When.
    pub at: Timestamp,
    /// JSON.
    pub data: String,
}

/// A line of a buyer's transaction log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRecord {
    /// Its name.
    pub id: LogId,
    /// Whose log.
    pub account: AccountId,
    /// What was asked.
    pub kind: LogKind,
    /// `done`, or the name of the problem.
    pub outcome: String,
    /// When.
    pub at: Timestamp,
    /// How much.
    pub amount: Money,
    /// What the vault held afterwards.
    pub balance: Money,
    /// The id of what it is about; empty when there is none.
    pub object: String,
}

/// What was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogKind {
    /// A load.
    Load,
    /// A purchase.
    Purchase,
    /// A refund.
    Refund,
    /// A payment to somebody.
    TransferOut,
    /// A payment from somebody.
    TransferIn,
    /// The rest of a closed vault.
    Compensation,
}

impl LogKind {
    /// The name in the log.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::Purchase => "purchase",
            Self::Refund => "refund",
            Self::TransferOut => "transfer-out",
            Self::TransferIn => "transfer-in",
            Self::Compensation => "compensation",
        }
    }
}
