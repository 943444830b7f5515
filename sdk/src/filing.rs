//! A remittance advice: the return for an authority that has no format of its own here.
//!
//! It says, for one authority and period, what was sold in which place at which rate, the tax on it, what corrects
//! earlier periods, and the sums. Its totals are the sums of its rows, in each currency.
//!
//! As CSV (RFC 4180) it has a header and these columns: `record` (`sales`, `correction` or `total`), `authority`,
//! `period`, `number`, `jurisdiction`, `category`, `reason`, `rate`, `base`, `tax`, `currency`, `corrects`, and
//! one for each of [`FACTS`]. As JSON it is one object with `rows`, `corrections` and `totals`; amounts and
//! rates are strings, so that nothing reads them as binary fractions.

use serde::{Deserialize, Serialize};

use crate::{Error, Filing, Money, PeriodLine, PeriodTotals, Problem};

/// Attributes of a period that are part of the advice, where the gateway gives them: the rate and day by which
/// sales in other currencies were converted, and the digest of the ledger's entries behind the figures.
pub const FACTS: [&str; 3] = ["fx-rate", "fx-date", "entries-sha256"];

/// In front of the columns that are the same in every row.
const COLUMNS: [&str; 12] = [
    "record",
    "authority",
    "period",
    "number",
    "jurisdiction",
    "category",
    "reason",
    "rate",
    "base",
    "tax",
    "currency",
    "corrects",
];

/// What a file's name takes of an authority or a period.
const NAME_PART_CHARS_MAX: usize = 40;

/// The form of an advice, which the operator chooses: `"filing": "json"`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// A table that spreadsheets read.
    #[default]
    Csv,
    /// An object that programs read.
    Json,
}

/// The advice of a period, which is named `advice-US-CA-2026-Q4.csv`.
pub fn advice(totals: &PeriodTotals, format: Format) -> Result<Filing, Error> {
    let (media_type, extension, body) = match format {
        Format::Csv => ("text/csv; charset=utf-8", "csv", csv(totals)?),
        Format::Json => ("application/json", "json", json(totals)?),
    };
    let (authority, period) = (name_part(&totals.authority), name_part(&totals.period));
    Ok(Filing {
        media_type: media_type.to_owned(),
        file_name: format!("advice-{authority}-{period}.{extension}"),
        body,
    })
}

/// Letters, digits and hyphens: nothing that a file system or a shell reads as more than a name.
pub fn name_part(text: &str) -> String {
    let plain = |char: &char| char.is_ascii_alphanumeric() || *char == '-';
    text.chars().filter(plain).take(NAME_PART_CHARS_MAX).collect()
}

/// Text as a cell that no spreadsheet takes for a formula: what would begin one gets an apostrophe in front. Amounts
/// need none, since they are written by us.
pub fn cell(text: &str) -> String {
    let formula = |char: char| matches!(char, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠');
    // Spreadsheets look behind blanks and control characters.
    let first = text.chars().find(|char| !char.is_whitespace() && !char.is_control());
    let starts_blank = text.starts_with(['\t', '\r', '\n']);
    if starts_blank || first.is_some_and(formula) { format!("'{text}") } else { text.to_owned() }
}

/// The sum of the rows in one currency.
struct Total {
    base: Money,
    tax: Money,
}

/// In the order in which rows bring currencies.
fn sums<'a>(lines: impl Iterator<Item = &'a PeriodLine>) -> Result<Vec<Total>, Error> {
    let mut totals = Vec::<Total>::new();
    for line in lines {
        // An error of the gateway, which would make any sum wrong.
        if line.base.currency() != line.tax.currency() {
            let text = "base and tax of a row are in one currency";
            return Err(Error::new(Problem::InvalidAmount, text).at("lines"));
        }
        match totals.iter_mut().find(|total| total.tax.currency() == line.tax.currency()) {
            Some(total) => {
                total.base = total.base.plus(line.base)?;
                total.tax = total.tax.plus(line.tax)?;
            }
            None => totals.push(Total { base: line.base, tax: line.tax }),
        }
    }
    Ok(totals)
}

fn fact<'a>(totals: &'a PeriodTotals, name: &str) -> Option<&'a str> {
    let found = totals.attributes.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value.as_str())
}

fn csv(totals: &PeriodTotals) -> Result<Vec<u8>, Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS.into_iter().chain(FACTS)).map_err(unwritable)?;
    let facts: Vec<String> =
        FACTS.iter().map(|name| cell(fact(totals, name).unwrap_or_default())).collect();
    let (authority, period) = (cell(&totals.authority), cell(&totals.period));
    let number = cell(totals.number.as_deref().unwrap_or_default());
    let mut write = |record: &str, what: [&str; 4], base: Money, tax: Money, corrects: &str| {
        let [jurisdiction, category, reason, rate] = what;
        let (base_amount, tax_amount) = (base.amount(), tax.amount());
        let code = tax.currency();
        let fixed = [record, &authority, &period, &number, jurisdiction, category, reason, rate];
        let amounts = [base_amount.as_str(), &tax_amount, code.code(), corrects];
        let record = fixed.into_iter().chain(amounts).chain(facts.iter().map(String::as_str));
        writer.write_record(record).map_err(unwritable)
    };
    for line in &totals.lines {
        let record = if line.corrects.is_some() { "correction" } else { "sales" };
        let (jurisdiction, rate) = (cell(&line.jurisdiction), line.rate.to_string());
        let what = [jurisdiction.as_str(), line.category.name(), line.reason.name(), &rate];
        let corrects = cell(line.corrects.as_deref().unwrap_or_default());
        write(record, what, line.base, line.tax, &corrects)?;
    }
    for total in sums(totals.lines.iter())? {
        write("total", ["", "", "", ""], total.base, total.tax, "")?;
    }
    writer.into_inner().map_err(|error| Error::new(Problem::MalformedRequest, error.to_string()))
}

fn unwritable(error: csv::Error) -> Error {
    Error::new(Problem::MalformedRequest, error.to_string())
}

#[derive(Serialize)]
struct Advice<'a> {
    authority: &'a str,
    period: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<&'a str>,
    rows: Vec<Row<'a>>,
    corrections: Vec<Row<'a>>,
    totals: Vec<Sum>,
    #[serde(flatten)]
    facts: std::collections::BTreeMap<&'a str, &'a str>,
}

#[derive(Serialize)]
struct Row<'a> {
    jurisdiction: &'a str,
    category: &'a str,
    reason: &'a str,
    rate: String,
    #[serde(flatten)]
    sum: Sum,
    #[serde(skip_serializing_if = "Option::is_none")]
    corrects: Option<&'a str>,
}

#[derive(Serialize)]
struct Sum {
    base: String,
    tax: String,
    currency: String,
}

impl<'a> Row<'a> {
    fn of(line: &'a PeriodLine) -> Self {
        Self {
            jurisdiction: &line.jurisdiction,
            category: line.category.name(),
            reason: line.reason.name(),
            rate: line.rate.to_string(),
            sum: Sum::of(line.base, line.tax),
            corrects: line.corrects.as_deref(),
        }
    }
}

impl Sum {
    fn of(base: Money, tax: Money) -> Self {
        Self { base: base.amount(), tax: tax.amount(), currency: tax.currency().code().to_owned() }
    }
}

fn json(totals: &PeriodTotals) -> Result<Vec<u8>, Error> {
    let (corrections, rows): (Vec<_>, Vec<_>) =
        totals.lines.iter().partition(|line| line.corrects.is_some());
    let sums = sums(totals.lines.iter())?;
    let advice = Advice {
        authority: &totals.authority,
        period: &totals.period,
        number: totals.number.as_deref(),
        rows: rows.into_iter().map(Row::of).collect(),
        corrections: corrections.into_iter().map(Row::of).collect(),
        totals: sums.iter().map(|total| Sum::of(total.base, total.tax)).collect(),
        facts: FACTS.iter().filter_map(|name| Some((*name, fact(totals, name)?))).collect(),
    };
    let mut body = serde_json::to_vec_pretty(&advice)
        .map_err(|error| Error::new(Problem::MalformedRequest, error.to_string()))?;
    body.push(b'\n');
    Ok(body)
}
