//! Claims to keys: what makes a command happen at most once.

use super::{Command, Prepared};

/// Whose the keys are that no client chose.
const INTERNAL: &str = "internal";

/// A claim to an idempotency key. The key belongs to an account, a merchant or the operator.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyClaim {
    /// The id of the account or merchant, or `operator`.
    pub scope: String,
    /// What the client chose.
    pub key: String,
    /// A keyed MAC over method, path and canonical body.
    pub fingerprint: [u8; 32],
}

impl Prepared {
    /// The claim of a command that no client gave a key: its own name, which is random. So the teller can look up
    /// whether it happened when the fate of a commit is unknown, as for any other. `None` if it has a key, or if
    /// doing it again changes nothing.
    pub fn own_claim(&self) -> Option<KeyClaim> {
        if self.key.is_some() {
            return None;
        }
        let key = match &self.command {
            Command::Load(load) => load.record.id.to_string(),
            Command::Purchase(purchase) => purchase.record.id.to_string(),
            Command::Refund(refund) => refund.id.to_string(),
            Command::Goodwill(goodwill) => goodwill.id.to_string(),
            Command::Transfer(transfer) => transfer.id.to_string(),
            Command::EraseAccount(erase) => erase.closing.entry.to_string(),
            Command::BuyStamp(buy) => buy.stamp.id.to_string(),
            Command::ScanStamp(scan) => scan.id.to_string(),
            Command::VoidStamp(void) => void.refund.id.to_string(),
            Command::Trade(trade) => trade.record.id.to_string(),
            Command::Remit(remit) => remit.record.id.to_string(),
            Command::Payout(payout) => payout.id.to_string(),
            Command::Settle(settle) => settle.entry.to_string(),
            Command::Note(note) => note.log.to_string(),
            Command::ActivateBatch(_)
            | Command::ActivateCard(_)
            | Command::BlockCard(_)
            | Command::IssueStamp(_)
            | Command::FailStamp(_) => return None,
        };
        Some(KeyClaim { scope: INTERNAL.to_owned(), key, fingerprint: [0; 32] })
    }
}
