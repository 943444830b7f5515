//! A merchant's month, line by line, and as a table.

use csv::Writer;
use purser_core::{ids::MerchantId, period::Month};
use purser_money::Money;
use purser_store::read::statement::{Statement, StatementLine, statements};

use crate::{
    gateway::Gateway,
    problem::{self, Problem},
};

/// Lines of one statement: a few tens of megabytes of JSON.
const LINES_MAX: usize = 100_000;

/// A merchant's month, by currency.
pub async fn statement(
    gateway: &Gateway,
    merchant: MerchantId,
    month: Month,
) -> Result<Vec<Statement>, Problem> {
    let found = gateway.store.read(move |db| statements(db, merchant, month, LINES_MAX)).await?;
    found.ok_or_else(|| {
        let detail = format!("more than {LINES_MAX} lines; /v1/sales lists them in pages");
        Problem::new(problem::NOT_FOUND).detail(detail)
    })
}

/// The same as a table: a row for what was owed at first, one for each change, and one for what was owed at last.
pub fn table(month: Month, statements: &[Statement]) -> Result<Vec<u8>, Problem> {
    let mut writer = Writer::from_writer(Vec::new());
    let mut row = |cells: [&str; 7]| writer.write_record(cells).map_err(Problem::internal);
    row(["at", "kind", "object", "title", "currency", "amount", "balance"])?;
    for Statement { opening, lines, closing } in statements {
        let code = opening.currency().code();
        let (start, end) = (month.start().to_string(), month.end().to_string());
        row([&start, "opening", "", "", code, "", &opening.amount()])?;
        for StatementLine { at, kind, object, title, amount, balance } in lines {
            let (at, title) = (at.to_string(), cell(title));
            let (amount, balance) = (amount.amount(), balance.amount());
            row([&at, kind.name(), object, &title, code, &amount, &balance])?;
        }
        row([&end, "closing", "", "", code, "", &closing.amount()])?;
    }
    writer.into_inner().map_err(Problem::internal)
}

/// The file for the operator's bank: what is to be paid to whom. The gateway keeps no bank account, so the merchant is
/// named, and the payout is the reference.
pub fn bank_file(payout: &str, merchant: (&str, &str), amount: Money) -> Result<Vec<u8>, Problem> {
    let (merchant, name) = merchant;
    let mut writer = Writer::from_writer(Vec::new());
    let rows = [
        ["reference", "merchant", "name", "amount", "currency"],
        [payout, merchant, &cell(name), &amount.amount(), amount.currency().code()],
    ];
    for row in rows {
        writer.write_record(row).map_err(Problem::internal)?;
    }
    writer.into_inner().map_err(Problem::internal)
}

/// Text that no spreadsheet takes for a formula.
pub(super) fn cell(text: &str) -> String {
    let formula = |char: char| matches!(char, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠');
    // Spreadsheets look behind blanks.
    let first = text.chars().find(|char| !char.is_whitespace() && !char.is_control());
    let blank = text.starts_with(['\t', '\r', '\n']);
    if blank || first.is_some_and(formula) { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use purser_money::Currency;

    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        let amount = Money::parse("12.30", Currency::parse("EUR").unwrap()).unwrap();
        let file = bank_file("pay_1", ("merch_1", "=HYPERLINK(\"x\"), Ltd"), amount).unwrap();
        assert_eq!(
            String::from_utf8(file).unwrap(),
            "reference,merchant,name,amount,currency\n\
             pay_1,merch_1,\"'=HYPERLINK(\"\"x\"\"), Ltd\",12.30,EUR\n"
        );
        for (text, expected) in [("A thing", "A thing"), ("\t=1", "'\t=1"), (" @x", "' @x")] {
            assert_eq!(cell(text), expected);
        }
    }
}
