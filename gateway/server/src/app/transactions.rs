//! A buyer's transaction log as a table.

use csv::Writer;
use purser_core::record::LogRecord;

use super::statement::cell;
use crate::problem::Problem;

/// The head of the table.
pub fn table_head() -> Result<Vec<u8>, Problem> {
    rows([["id", "at", "kind", "outcome", "amount", "balance", "currency", "object"]])
}

/// Lines of the log as rows of the table.
pub fn table_rows(lines: &[LogRecord]) -> Result<Vec<u8>, Problem> {
    rows(lines.iter().map(|line| {
        [
            line.id.to_string(),
            line.at.to_string(),
            line.kind.name().to_owned(),
            cell(&line.outcome),
            line.amount.amount(),
            line.balance.amount(),
            line.balance.currency().code().to_owned(),
            cell(&line.object),
        ]
    }))
}

fn rows<T: AsRef<[u8]>>(rows: impl IntoIterator<Item = [T; 8]>) -> Result<Vec<u8>, Problem> {
    let mut writer = Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).map_err(Problem::internal)?;
    }
    writer.into_inner().map_err(Problem::internal)
}

#[cfg(test)]
mod tests {
    use purser_core::{
        Timestamp,
        ids::{AccountId, LogId},
        money::{Currency, Money},
        record::LogKind,
    };

    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        let dollars = |minor| Money::new(minor, Currency::parse("USD").unwrap());
        let line = LogRecord {
            id: LogId::from_random(1),
            account: AccountId::from_random(1),
            kind: LogKind::TransferOut,
            outcome: "=cmd|' /C calc'!A0".to_owned(),
            at: Timestamp::from_second(0).unwrap(),
            amount: dollars(1_250),
            balance: dollars(0),
            object: "@SUM(A1)".to_owned(),
        };
        assert_eq!(
            String::from_utf8(table_rows(std::slice::from_ref(&line)).unwrap()).unwrap(),
            format!(
                "{},1970-01-01T00:00:00Z,transfer-out,'=cmd|' /C calc'!A0,12.50,0.00,USD,'@SUM(A1)\n",
                line.id
            )
        );
    }
}
