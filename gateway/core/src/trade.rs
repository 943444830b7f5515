//! The operator covers a position that conversions left.

use jiff::Timestamp;
use purser_money::Money;

use crate::{
    account::Account,
    books::{Books, Needs},
    command::{Answer, Stop},
    entry::{Entry, EntryKind, Posting},
    ids::EntryId,
    record::TradeRecord,
};

/// A prepared trade.
#[derive(Debug, Clone)]
pub struct Trade {
    /// What is to be kept of it.
    pub record: TradeRecord,
    /// Its entry.
    pub entry: EntryId,
}

impl Trade {
    pub(crate) fn needs(&self) -> Needs {
        let mut needs = Needs::default();
        let TradeRecord { sold, bought, .. } = &self.record;
        needs.taken_from.insert(Account::Float(sold.currency()));
        needs.lock_large(&trade_postings(*sold, *bought));
        needs
    }

    pub(crate) fn apply(&self, at: Timestamp, books: &mut Books) -> Result<Answer, Stop> {
        let TradeRecord { id, sold, bought, .. } = &self.record;
        if !sold.is_positive() || !bought.is_positive() || sold.currency() == bought.currency() {
            return Err(Stop::Broken("a trade is of two amounts in two currencies".to_owned()));
        }
        books.check_taking(&Account::Float(sold.currency()), *sold)?;
        books.post(Entry::new(
            self.entry,
            at,
            EntryKind::Trade,
            id,
            trade_postings(*sold, *bought),
        )?)?;
        books.write().trades.push(self.record.clone());
        Ok(Answer::Traded { trade: *id })
    }
}

/// The legs of a trade: one position and one float shrink, the others grow.
pub fn trade_postings(sold: Money, bought: Money) -> Vec<Posting> {
    vec![
        Posting::debit(Account::Fx(sold.currency()), sold),
        Posting::credit(Account::Float(sold.currency()), sold),
        Posting::debit(Account::Float(bought.currency()), bought),
        Posting::credit(Account::Fx(bought.currency()), bought),
    ]
}
