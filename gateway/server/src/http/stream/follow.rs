//! Following a transaction log, whose lines have a time and no position.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use purser_core::{
    Timestamp,
    ids::{AccountId, LogId},
    record::LogRecord,
};
use purser_store::read::log::log_since;

use crate::{gateway::Gateway, problem::Problem};

/// A line may be committed after a younger one, by as long as a command may wait for the teller.
const OVERLAP: SignedDuration = SignedDuration::from_secs(30);
/// And after this many younger ones of the same account at most, or every look of somebody busy would read thousands
/// of lines again. Who lets more of the own commands overtake one finds its line in the list only.
const SEEN_MAX: usize = 256;

/// How far a log was read.
pub(super) struct Log {
    /// Lines of this time and later are asked for.
    from: Timestamp,
    /// Those of them that were sent.
    seen: BTreeSet<(Timestamp, LogId)>,
}

impl Log {
    /// A reader behind these lines, the newest of the log: all there are, or `limit` of more.
    pub(super) fn behind(lines: Vec<LogRecord>, limit: usize, now: Timestamp) -> Self {
        let newest = lines.iter().map(|line| line.at).max().unwrap_or(now);
        let oldest = lines.iter().map(|line| line.at).min().filter(|_| lines.len() >= limit);
        let seen = lines.into_iter().map(|line| (line.at, line.id)).collect();
        // Older lines, however late they were committed, were left out when the reader began.
        let mut log = Self { from: oldest.map_or(Timestamp::MIN, just_behind), seen };
        log.move_on(newest);
        log
    }

    /// The lines that were not sent yet, oldest first.
    pub(super) async fn read(
        &mut self,
        gateway: &Gateway,
        account: AccountId,
        limit: usize,
    ) -> Result<Vec<LogRecord>, Problem> {
        let (from, asked) = (self.from, limit.saturating_add(self.seen.len()));
        let rows = gateway.store.read(move |db| log_since(db, account, from, asked)).await?;
        Ok(self.new_of(rows))
    }

    fn new_of(&mut self, rows: Vec<LogRecord>) -> Vec<LogRecord> {
        let new: Vec<LogRecord> =
            rows.into_iter().filter(|row| self.seen.insert((row.at, row.id))).collect();
        if let Some(newest) = new.iter().map(|row| row.at).max() {
            self.move_on(newest);
        }
        new
    }

    fn move_on(&mut self, newest: Timestamp) {
        self.from = newest.checked_sub(OVERLAP).unwrap_or(Timestamp::MIN).max(self.from);
        let too_many = self.seen.len().saturating_sub(SEEN_MAX);
        if let Some((at, _)) = too_many.checked_sub(1).and_then(|last| self.seen.iter().nth(last)) {
            self.from = just_behind(*at).max(self.from);
        }
        self.seen.retain(|(at, _)| *at >= self.from);
    }
}

fn just_behind(at: Timestamp) -> Timestamp {
    at.saturating_add(SignedDuration::from_micros(1)).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use purser_core::{
        money::{Currency, Money},
        record::LogKind,
    };

    use super::*;

    fn line(id: u128, second: i64) -> LogRecord {
        let nothing = Money::zero(Currency::parse("USD").unwrap());
        LogRecord {
            id: LogId::from_random(id),
            account: AccountId::from_random(1),
            kind: LogKind::Load,
            outcome: "done".to_owned(),
            at: Timestamp::from_second(second).unwrap(),
            amount: nothing,
            balance: nothing,
            object: String::new(),
        }
    }

    #[test]
    fn a_line_is_sent_once_even_if_it_comes_late() {
        let mut log =
            Log::behind(vec![line(1, 1_000)], 100, Timestamp::from_second(1_000).unwrap());
        let mut sent = |rows: Vec<LogRecord>| {
            log.new_of(rows).into_iter().map(|row| row.id.bits()).collect::<Vec<_>>()
        };
        assert_eq!(sent(vec![line(1, 1_000), line(3, 1_010)]), [3]);
        assert_eq!(
            sent(vec![line(1, 1_000), line(2, 1_005), line(3, 1_010)]),
            [2],
            "committed late"
        );
        assert_eq!(sent(vec![line(2, 1_005), line(3, 1_010)]), Vec::<u128>::new());
    }

    #[test]
    fn a_busy_log_is_read_again_by_a_few_hundred_lines_only() {
        let mut log = Log::behind(Vec::new(), 100, Timestamp::from_second(1_000).unwrap());
        let at = |index: u128| {
            let micros = i64::try_from(index).unwrap() * 10;
            Timestamp::from_microsecond(1_000_000_000 + micros).unwrap()
        };
        let busy = |index: u128| LogRecord { at: at(index), ..line(index, 0) };
        for index in 0..10_000 {
            assert_eq!(log.new_of(vec![busy(index)]).len(), 1);
        }
        assert_eq!(log.seen.len(), SEEN_MAX);
        assert!(
            log.from > at(9_743) && log.from <= at(9_744),
            "no line that was sent is sent again"
        );
        assert!(log.new_of((9_744..10_000).map(busy).collect()).is_empty());
    }

    #[test]
    fn lines_that_were_left_out_at_the_start_stay_out() {
        let now = Timestamp::from_second(1_010).unwrap();
        let log = Log::behind(vec![line(3, 1_010), line(2, 1_009)], 2, now);
        assert!(log.from > Timestamp::from_second(1_009).unwrap() && log.from <= now);
        let all = Log::behind(vec![line(3, 1_010), line(2, 1_009)], 3, now);
        assert_eq!(all.from, Timestamp::from_second(980).unwrap());
    }
}
