//! A return: by the labels of the table, where it has some, or else the SDK's advice.

use csv::Writer;
use purser_sdk::{
    Error, Filing, Money, PeriodLine, PeriodTotals, Problem,
    filing::{self, cell, name_part},
};

use crate::table::{CategoryName, ReasonName, Table};

const COLUMNS: [&str; 8] =
    ["authority", "period", "number", "label", "base", "tax", "currency", "corrects"];

/// What is listed in one row.
struct Labelled<'a> {
    label: String,
    corrects: Option<&'a str>,
    base: Money,
    tax: Money,
}

pub(crate) fn file_return(totals: &PeriodTotals, table: &Table) -> Result<Filing, Error> {
    let has_labels = |line: &PeriodLine| label(line, table).is_some();
    if !totals.lines.iter().any(has_labels) {
        return filing::advice(totals, table.filing);
    }
    let mut rows = Vec::<Labelled<'_>>::new();
    for line in &totals.lines {
        let unlabelled = || format!("{} {} {} %", line.category, line.reason, line.rate);
        let label = label(line, table).map_or_else(unlabelled, str::to_owned);
        let corrects = line.corrects.as_deref();
        let same = |row: &&mut Labelled<'_>| {
            row.label == label
                && row.corrects == corrects
                && row.tax.currency() == line.tax.currency()
        };
        match rows.iter_mut().find(same) {
            Some(row) => {
                row.base = row.base.plus(line.base)?;
                row.tax = row.tax.plus(line.tax)?;
            }
            None => rows.push(Labelled { label, corrects, base: line.base, tax: line.tax }),
        }
    }
    Ok(Filing {
        media_type: "text/csv; charset=utf-8".to_owned(),
        file_name: format!(
            "return-{}-{}.csv",
            name_part(&totals.authority),
            name_part(&totals.period)
        ),
        body: written(totals, &rows)?,
    })
}

/// The label of the row by which a line was taxed.
fn label<'a>(line: &PeriodLine, table: &'a Table) -> Option<&'a str> {
    let territory = table.places.iter().find(|it| it.code() == line.jurisdiction)?;
    let row = territory.rates.iter().find(|row| {
        row.label.is_some()
            && row.categories.contains(&CategoryName(line.category))
            && row.reason == ReasonName(line.reason)
            && row.percent == line.rate
    })?;
    row.label.as_ref().map(|label| label.0.as_str())
}

fn written(totals: &PeriodTotals, rows: &[Labelled<'_>]) -> Result<Vec<u8>, Error> {
    let mut writer = Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS).map_err(unwritable)?;
    let (authority, period) = (cell(&totals.authority), cell(&totals.period));
    let number = cell(totals.number.as_deref().unwrap_or_default());
    for row in rows {
        let record = [
            authority.as_str(),
            &period,
            &number,
            &cell(&row.label),
            &row.base.amount(),
            &row.tax.amount(),
            row.tax.currency().code(),
            &cell(row.corrects.unwrap_or_default()),
        ];
        writer.write_record(record).map_err(unwritable)?;
    }
    writer.into_inner().map_err(|error| Error::new(Problem::MalformedRequest, error.to_string()))
}

fn unwritable(error: csv::Error) -> Error {
    Error::new(Problem::MalformedRequest, error.to_string())
}
