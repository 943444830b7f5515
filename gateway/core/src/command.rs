//! Commands: what the teller is asked, and how it decides.
//!
//! A command arrives prepared: ids, time, plugin answers and signed receipts are in it, and so is what it assumed.
//! Deciding is a pure function of the books and the command.

mod claim;
mod stop;

use jiff::Timestamp;
use purser_money::Money;
use serde::{Deserialize, Serialize};

use crate::{
    books::{Books, Needs},
    closing::EraseAccount,
    ids::{
        AccountId, BatchId, CardId, ItemId, LogId, PayoutId, PurchaseId, RefundId, RemittanceId,
        StampId, TradeId, TransferId,
    },
    load::Load,
    outgoing::{Settle, Settled},
    payout::Payout,
    purchase::Purchase,
    record::{LoadRecord, LogKind, LogRecord},
    refund::{Goodwill, Refund},
    refusal::Refusal,
    remittance::Remit,
    stamp::{
        Seen,
        buy::BuyStamp,
        scan::{ScanStamp, Verdict},
        settle::{FailStamp, IssueStamp},
        void::VoidStamp,
    },
    stock::{ActivateBatch, ActivateCard, BlockCard},
    trade::Trade,
    transfer::Transfer,
    vault::VaultView,
};

pub use claim::KeyClaim;
pub(crate) use stop::Stop;

/// A command, with what makes it happen at most once and what it was prepared under.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The idempotency key, where there is one.
    pub key: Option<KeyClaim>,
    /// The gateway's time.
    pub at: Timestamp,
    /// The version of merchants, keys, policies and plugin bindings that it was prepared with.
    pub facts_version: i64,
    /// The command itself.
    pub command: Command,
}

/// What the teller can be asked.
#[derive(Debug, Clone)]
pub enum Command {
    /// Load a vault from a card.
    Load(Box<Load>),
    /// Buy.
    Purchase(Box<Purchase>),
    /// Take money back for an item.
    Refund(Box<Refund>),
    /// Give money back for an item.
    Goodwill(Box<Goodwill>),
    /// Pay another buyer.
    Transfer(Box<Transfer>),
    /// Erase an account.
    EraseAccount(Box<EraseAccount>),
    /// Sell a batch of cards.
    ActivateBatch(Box<ActivateBatch>),
    /// Sell a smart card.
    ActivateCard(Box<ActivateCard>),
    /// Block a card.
    BlockCard(BlockCard),
    /// Buy a stamp.
    BuyStamp(Box<BuyStamp>),
    /// Hand out a stamp that was bought.
    IssueStamp(Box<IssueStamp>),
    /// Take back the purchase of a stamp that cannot be issued.
    FailStamp(Box<FailStamp>),
    /// Scan a stamp.
    ScanStamp(Box<ScanStamp>),
    /// Give a stamp back.
    VoidStamp(Box<VoidStamp>),
    /// Cover a currency position.
    Trade(Box<Trade>),
    /// Set tax apart for its authority.
    Remit(Box<Remit>),
    /// Set what a merchant is owed apart for its bank.
    Payout(Box<Payout>),
    /// Say what became of either.
    Settle(Box<Settle>),
    /// Record a refusal that was decided before the teller.
    Note(Box<Note>),
}

/// What a command achieved. Kept with the idempotency key; holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "done", content = "with")]
pub enum Answer {
    /// A vault was loaded.
    Loaded(Box<LoadRecord>),
    /// A purchase was paid. Its content is read from its own record.
    Purchased {
        /// Which.
        purchase: PurchaseId,
    },
    /// A refund was made.
    Refunded {
        /// Its name.
        refund: RefundId,
        /// Of what.
        item: ItemId,
        /// How much came back.
        credited: Money,
        /// The vault afterwards, for the buyer; nothing of it is for the merchant.
        vault: Option<Box<VaultView>>,
    },
    /// Value went to another buyer.
    Transferred {
        /// Its name.
        transfer: TransferId,
        /// The handle it went to.
        to: String,
        /// How much.
        amount: Money,
    },
    /// An account was erased.
    Erased {
        /// The card that holds what was left.
        compensation: Option<(CardId, Money)>,
    },
    /// A batch was printed. Its codes were shown then.
    BatchPrinted {
        /// Which.
        batch: BatchId,
    },
    /// A batch was sold.
    BatchActivated {
        /// Which.
        batch: BatchId,
    },
    /// A card was sold.
    CardActivated {
        /// Which.
        card: CardId,
    },
    /// A card was blocked.
    CardBlocked {
        /// Which.
        card: CardId,
    },
    /// A stamp was paid. What became of it is read from its own record.
    StampBought {
        /// Which.
        stamp: StampId,
    },
    /// A stamp was issued, failed or became void, now or before. Which is read from its own record.
    StampSettled {
        /// Which.
        stamp: StampId,
    },
    /// A stamp was scanned.
    StampScanned {
        /// Which.
        stamp: StampId,
        /// What it is.
        verdict: Verdict,
        /// The scan that used it.
        first: Option<Seen>,
    },
    /// A stamp was given back.
    StampVoided {
        /// Which.
        stamp: StampId,
        /// The refund, if it is not held back.
        credited: Option<(RefundId, Money)>,
        /// When the money goes back, if it is held back.
        due_at: Option<Timestamp>,
    },
    /// A position was covered.
    Traded {
        /// Its name.
        trade: TradeId,
    },
    /// Tax was set apart for its authority.
    Remitted {
        /// Its name.
        remittance: RemittanceId,
    },
    /// What a merchant is owed was set apart.
    PayoutPrepared {
        /// Its name.
        payout: PayoutId,
    },
    /// It is known what became of a remittance or payout.
    Settled {
        /// Its name.
        of: String,
        /// What.
        settled: Settled,
    },
    /// A refusal was recorded.
    Noted,
}

/// What the teller decided: this is what the key answers from now on.
pub type Outcome = Result<Answer, Refusal>;

/// What came of deciding a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// To be kept with the key, and answered.
    Decided(Outcome),
    /// What it assumed is no longer so: to be prepared again. The key stays free.
    Stale,
    /// Its amounts do not fit into the books. Nothing happens, and the key stays free.
    TooLarge,
    /// An invariant would break. The command does not happen, and somebody must look.
    Broken(String),
}

impl Prepared {
    /// The rows that must be locked.
    pub fn needs(&self) -> Needs {
        match &self.command {
            Command::Load(load) => load.needs(),
            Command::Purchase(purchase) => purchase.needs(),
            Command::Refund(refund) => refund.needs(),
            Command::Goodwill(goodwill) => goodwill.needs(),
            Command::Transfer(transfer) => transfer.needs(),
            Command::EraseAccount(erase) => erase.needs(),
            Command::ActivateBatch(activate) => activate.needs(),
            Command::ActivateCard(activate) => activate.needs(),
            Command::BlockCard(block) => block.needs(),
            Command::BuyStamp(buy) => buy.needs(),
            Command::IssueStamp(issue) => issue.needs(),
            Command::FailStamp(fail) => fail.needs(),
            Command::ScanStamp(scan) => scan.needs(),
            Command::VoidStamp(void) => void.needs(),
            Command::Trade(trade) => trade.needs(),
            Command::Remit(remit) => remit.needs(),
            Command::Payout(payout) => payout.needs(),
            Command::Settle(settle) => settle.needs(),
            Command::Note(note) => note.needs(),
        }
    }

    /// Decides. The books change only if the answer is an achievement; a refusal of a buyer's command leaves
    /// a line in the transaction log.
    pub fn decide(&self, books: &mut Books) -> Decision {
        if self.is_stale(books) {
            return Decision::Stale;
        }
        let mark = books.mark();
        let stop = match self.apply(books) {
            Ok(answer) => return Decision::Decided(Ok(answer)),
            Err(stop) => stop,
        };
        books.take_back(mark);
        match stop {
            Stop::Stale => Decision::Stale,
            Stop::TooLarge => Decision::TooLarge,
            Stop::Broken(why) => Decision::Broken(why),
            Stop::Refused(refusal) => {
                if let Some(note) = self.refused_note() {
                    note.write(refusal.name(), self.at, books);
                }
                Decision::Decided(Err(refusal))
            }
        }
    }

    /// What is over, or what is settled for a purchase that is over, depends on no fact: a note, the outcome of a
    /// stamp, a scan.
    fn is_stale(&self, books: &Books) -> bool {
        let assumes = match self.command {
            Command::Note(_)
            | Command::IssueStamp(_)
            | Command::FailStamp(_)
            | Command::ScanStamp(_) => false,
            Command::Load(_)
            | Command::Purchase(_)
            | Command::Refund(_)
            | Command::Goodwill(_)
            | Command::Transfer(_)
            | Command::EraseAccount(_)
            | Command::ActivateBatch(_)
            | Command::ActivateCard(_)
            | Command::BlockCard(_)
            | Command::BuyStamp(_)
            | Command::VoidStamp(_)
            | Command::Trade(_)
            | Command::Remit(_)
            | Command::Payout(_)
            | Command::Settle(_) => true,
        };
        assumes && self.facts_version != books.facts_version
    }

    fn apply(&self, books: &mut Books) -> Result<Answer, Stop> {
        match &self.command {
            Command::Load(load) => load.apply(self.at, books),
            Command::Purchase(purchase) => purchase.apply(self.at, books),
            Command::Refund(refund) => refund.apply(self.at, books),
            Command::Goodwill(goodwill) => goodwill.apply(self.at, books),
            Command::Transfer(transfer) => transfer.apply(self.at, books),
            Command::EraseAccount(erase) => erase.apply(self.at, books),
            Command::ActivateBatch(activate) => activate.apply(self.at, books),
            Command::ActivateCard(activate) => activate.apply(self.at, books),
            Command::BlockCard(block) => block.apply(books),
            Command::BuyStamp(buy) => buy.apply(self.at, books),
            Command::IssueStamp(issue) => issue.apply(books),
            Command::FailStamp(fail) => fail.apply(self.at, books),
            Command::ScanStamp(scan) => scan.apply(self.at, books),
            Command::VoidStamp(void) => void.apply(self.at, books),
            Command::Trade(trade) => trade.apply(self.at, books),
            Command::Remit(remit) => remit.apply(self.at, books),
            Command::Payout(payout) => payout.apply(self.at, books),
            Command::Settle(settle) => settle.apply(self.at, books),
            Command::Note(note) => {
                note.write(&note.outcome, self.at, books);
                Ok(Answer::Noted)
            }
        }
    }

    fn refused_note(&self) -> Option<Note> {
        let note = |log, account, kind, amount, object: String| {
            Some(Note { log, account, kind, outcome: String::new(), amount, object })
        };
        match &self.command {
            Command::Load(load) => {
                let record = &load.record;
                note(load.log, record.account, LogKind::Load, record.credited, String::new())
            }
            Command::Purchase(purchase) => Some(purchase.note()),
            Command::BuyStamp(buy) => Some(buy.purchase.note()),
            Command::Refund(refund) => Some(refund.note()),
            Command::VoidStamp(void) => Some(void.refund.note()),
            Command::Transfer(transfer) => note(
                transfer.log_out,
                transfer.from,
                LogKind::TransferOut,
                transfer.amount,
                String::new(),
            ),
            Command::Goodwill(_)
            | Command::EraseAccount(_)
            | Command::ActivateBatch(_)
            | Command::ActivateCard(_)
            | Command::BlockCard(_)
            | Command::IssueStamp(_)
            | Command::FailStamp(_)
            | Command::ScanStamp(_)
            | Command::Trade(_)
            | Command::Remit(_)
            | Command::Payout(_)
            | Command::Settle(_)
            | Command::Note(_) => None,
        }
    }
}

/// A line for the transaction log about something that did not happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The line's name.
    pub log: LogId,
    /// Whose log.
    pub account: AccountId,
    /// What was asked.
    pub kind: LogKind,
    /// The name of the problem.
    pub outcome: String,
    /// How much was asked.
    pub amount: Money,
    /// What it was about.
    pub object: String,
}

impl Note {
    fn needs(&self) -> Needs {
        let mut needs = Needs::default();
        needs.accounts.insert(crate::account::Account::Vault(self.account));
        needs
    }

    pub(crate) fn write(&self, outcome: &str, at: Timestamp, books: &mut Books) {
        let balance = books.vault_balance(self.account);
        let line = LogRecord {
            id: self.log,
            account: self.account,
            kind: self.kind,
            outcome: outcome.to_owned(),
            at,
            amount: self.amount,
            balance,
            object: self.object.clone(),
        };
        books.log(line);
    }
}

/// The line of the transaction log for something that happened.
pub(crate) fn done_line(
    (id, account, kind): (LogId, AccountId, LogKind),
    at: Timestamp,
    amount: Money,
    object: impl std::fmt::Display,
    books: &Books,
) -> LogRecord {
    let balance = books.vault_balance(account);
    LogRecord {
        id,
        account,
        kind,
        outcome: "done".to_owned(),
        at,
        amount,
        balance,
        object: object.to_string(),
    }
}

/// Needs of a command about one vault.
pub(crate) fn vault_needs(account: AccountId) -> Needs {
    let mut needs = Needs::default();
    needs.accounts.insert(crate::account::Account::Vault(account));
    needs.vaults.insert(account);
    needs
}

/// Stops unless the vault is there and open.
pub(crate) fn active_vault(account: AccountId, books: &Books) -> Result<(), Stop> {
    match books.vault(account) {
        Some(vault) if vault.is_active() => Ok(()),
        Some(_) | None => Err(Refusal::VaultInactive.into()),
    }
}
