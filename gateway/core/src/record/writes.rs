//! All that a batch of commands writes, and how a command that was refused is taken back.

use super::{
    CardRecord, EventRecord, EvidenceRecord, FilingRecord, ItemRecord, LoadRecord, LogRecord,
    OfferUse, PayoutRecord, PurchaseRecord, RefundRecord, RemittanceRecord, SettlementRecord,
    TradeRecord, TransferRecord,
};
use crate::{
    entry::Entry,
    stamp::{StampRecord, record::ScanRecord},
};

/// Declares the kinds of records once: for the writes, and for the marks to which they are taken back.
macro_rules! writes {
    ($($(#[$doc:meta])+ $kind:ident: $record:ty,)+) => {
        /// Everything that a batch of commands writes, in order.
        #[derive(Debug, Default, Clone, PartialEq, Eq)]
        pub struct Writes {
            $($(#[$doc])+ pub $kind: Vec<$record>,)+
        }

        /// How many records of each kind there were.
        #[derive(Debug, Clone, Copy)]
        pub(crate) struct WritesMark {
            $($kind: usize,)+
        }

        impl Writes {
            /// Where a command starts.
            pub(crate) fn mark(&self) -> WritesMark {
                WritesMark { $($kind: self.$kind.len(),)+ }
            }

            /// Drops what was added since `mark`.
            pub(crate) fn take_back(&mut self, mark: WritesMark) {
                $(self.$kind.truncate(mark.$kind);)+
            }
        }
    };
}

writes! {
    /// Journal entries.
    entries: Entry,
    /// Loads.
    loads: LoadRecord,
    /// Purchases.
    purchases: PurchaseRecord,
    /// Their items.
    items: ItemRecord,
    /// Single-use offers that are now used.
    offers_used: OfferUse,
    /// Refunds.
    refunds: RefundRecord,
    /// Transfers.
    transfers: TransferRecord,
    /// Stamps that are being issued.
    stamps: StampRecord,
    /// Scans of stamps.
    scans: ScanRecord,
    /// Trades.
    trades: TradeRecord,
    /// Remittances.
    remittances: RemittanceRecord,
    /// Their returns.
    filings: FilingRecord,
    /// Payouts.
    payouts: PayoutRecord,
    /// What became of remittances and payouts.
    settlements: SettlementRecord,
    /// Compensation cards.
    cards: CardRecord,
    /// What plugins were asked and answered; one row for equal questions.
    evidence: EvidenceRecord,
    /// Events for merchants.
    events: EventRecord,
    /// Lines of the buyers' transaction logs.
    log: LogRecord,
}
