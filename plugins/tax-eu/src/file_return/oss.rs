//! The file that the Finnish Tax Administration reads for the Union scheme; other portals take the same columns.
//!
//! Columns, separated by semicolons, decimals with a comma (vero.fi, "Instructions for uploading files: One
//! Stop Shop"): A row number; B taxpayer's number; C 1 for sales, 2 for a correction; then of sales D member state, E
//! 1 for goods and 2 for services, F 1 for the standard rate and 2 for a reduced one, G rate, H base, I tax,
//! J fixed establishment; of a correction K period, L member state, M tax. Amounts are exact euros:
//! Reg. (EU) 282/2011 art. 60.

use csv::{Terminator, WriterBuilder};
use purser_sdk::{
    Category, Error, Money, Percent, PeriodTotals, Problem, Reason, Supply, filing::cell,
};

use crate::countries;

/// What the file has one row for.
#[derive(Debug, PartialEq, Eq)]
struct Sales {
    state: String,
    services: bool,
    reduced: bool,
    rate: Percent,
    base: Money,
    tax: Money,
}

struct Correction<'a> {
    period: &'a str,
    state: String,
    tax: Money,
}

pub(super) fn file(totals: &PeriodTotals) -> Result<Vec<u8>, Error> {
    let (sales, corrections) = rows(totals)?;
    let mut writer =
        WriterBuilder::new().delimiter(b';').terminator(Terminator::CRLF).from_writer(Vec::new());
    let taxpayer = cell(totals.number.as_deref().unwrap_or_default());
    let mut number = 0_u32;
    let mut next = || {
        number = number.saturating_add(1);
        number.to_string()
    };
    let code = |second: bool| if second { "2" } else { "1" };
    for row in &sales {
        let record = [
            &next(),
            &taxpayer,
            "1",
            &row.state,
            code(row.services),
            code(row.reduced),
            &comma(&row.rate.to_string()),
            &comma(&row.base.amount()),
            &comma(&row.tax.amount()),
            "",
            "",
            "",
            "",
        ];
        writer.write_record(record).map_err(unwritable)?;
    }
    for row in &corrections {
        let (period, tax) = (cell(row.period), comma(&row.tax.amount()));
        let record =
            [&next(), &taxpayer, "2", "", "", "", "", "", "", "", &period, &row.state, &tax];
        writer.write_record(record).map_err(unwritable)?;
    }
    writer.into_inner().map_err(|error| Error::new(Problem::MalformedRequest, error.to_string()))
}

fn unwritable(error: csv::Error) -> Error {
    Error::new(Problem::MalformedRequest, error.to_string())
}

fn comma(decimal: &str) -> String {
    decimal.replace('.', ",")
}

/// Sales are summed by member state, kind and rate; what bears no tax is not in the scheme.
fn rows(totals: &PeriodTotals) -> Result<(Vec<Sales>, Vec<Correction<'_>>), Error> {
    let (mut sales, mut corrections) = (Vec::<Sales>::new(), Vec::<Correction<'_>>::new());
    for line in &totals.lines {
        let reduced = match line.reason {
            Reason::Standard => false,
            Reason::Reduced => true,
            Reason::Zero
            | Reason::Exempt
            | Reason::ReverseCharge
            | Reason::Export
            | Reason::OutsideScope => continue,
        };
        let state = state(&line.jurisdiction);
        if let Some(period) = line.corrects.as_deref() {
            let same = |row: &&mut Correction<'_>| row.period == period && row.state == state;
            match corrections.iter_mut().find(same) {
                Some(row) => row.tax = row.tax.plus(line.tax)?,
                None => corrections.push(Correction { period, state, tax: line.tax }),
            }
            continue;
        }
        let services = is_service(line.category);
        let same = |row: &&mut Sales| {
            row.state == state
                && row.services == services
                && row.reduced == reduced
                && row.rate == line.rate
        };
        match sales.iter_mut().find(same) {
            Some(row) => {
                row.base = row.base.plus(line.base)?;
                row.tax = row.tax.plus(line.tax)?;
            }
            None => sales.push(Sales {
                state,
                services,
                reduced,
                rate: line.rate,
                base: line.base,
                tax: line.tax,
            }),
        }
    }
    Ok((sales, corrections))
}

/// The scheme writes Greece as its tax numbers do, and names no parts of states.
fn state(jurisdiction: &str) -> String {
    let land = countries::within(jurisdiction);
    land.map_or_else(|| cell(jurisdiction), |land| land.prefix().to_owned())
}

fn is_service(category: Category) -> bool {
    match Supply::of(category) {
        Supply::Electronic | Supply::Local => true,
        Supply::Goods => false,
    }
}
