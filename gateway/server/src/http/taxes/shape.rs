//! The shapes of remittances, their returns and what is owed.

use purser_core::{ids::RemittanceId, liability::ReturnRow};
use purser_money::{Currency, MoneyError};
use purser_store::read::remittance::{FilingSent, StoredRemittance};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{app::liability::Owed, gateway::Gateway, http::answer, problem::Problem};

/// One row of a return.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReturnRow)]
pub struct RowOut {
    /// The place whose tax it is.
    jurisdiction: String,
    /// What was sold.
    category: String,
    /// Why this rate.
    reason: String,
    /// Percent.
    rate: String,
    /// The net, less what went back.
    base: answer::Money,
    /// The tax on it.
    tax: answer::Money,
    /// The earlier period that it corrects; null in a row of the period itself.
    #[schema(required = true)]
    corrects: Option<String>,
}

impl From<ReturnRow> for RowOut {
    fn from(row: ReturnRow) -> Self {
        let ReturnRow { jurisdiction, category, reason, rate, base, tax, corrects } = row;
        Self {
            jurisdiction,
            category,
            reason,
            rate: rate.to_string(),
            base: base.into(),
            tax: tax.into(),
            corrects: corrects.map(|period| period.to_string()),
        }
    }
}

/// A period's own rows, and those that correct earlier ones.
fn rows(rows: Result<Vec<ReturnRow>, MoneyError>) -> Result<(Vec<RowOut>, Vec<RowOut>), Problem> {
    let rows = rows.map_err(Problem::internal)?;
    let (own, corrections): (Vec<_>, Vec<_>) =
        rows.into_iter().partition(|row| row.corrects.is_none());
    let out = |rows: Vec<ReturnRow>| rows.into_iter().map(RowOut::from).collect();
    Ok((out(own), out(corrections)))
}

/// A return that can be downloaded.
#[derive(Debug, Serialize, ToSchema)]
pub struct Return {
    /// What it is.
    #[schema(example = "text/csv; charset=utf-8")]
    media_type: String,
    /// What it is called.
    file_name: String,
    /// The SHA-256 of its bytes, in hexadecimal.
    sha256: String,
    /// Where it is downloaded.
    #[schema(format = "uri")]
    url: String,
}

/// A time that a return was sent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReturnSent)]
pub struct SentOut {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: purser_core::Timestamp,
    /// Where to, without the query.
    url: String,
    /// Whether the answer was one of success, 200 to 299.
    accepted: bool,
    /// The status that was answered; null if nothing was.
    #[schema(required = true)]
    status: Option<u16>,
    /// The beginning of the answer, or why there is none.
    answer: String,
}

impl From<FilingSent> for SentOut {
    fn from(FilingSent { at, url, status, answer, .. }: FilingSent) -> Self {
        let accepted = status.is_some_and(|status| (200..300).contains(&status));
        Self { at, url, accepted, status, answer }
    }
}

/// Tax that was set apart for its authority.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Remittance)]
pub struct RemittanceOut {
    /// Its name.
    #[schema(value_type = String)]
    id: RemittanceId,
    /// To whom.
    authority: String,
    /// Who owes: `operator`, or a merchant.
    taxpayer: String,
    /// In which currency.
    #[schema(value_type = String, pattern = "^[A-Z]{3}$")]
    currency: Currency,
    /// What for.
    period: String,
    /// The net of all rows, corrections included.
    base: answer::Money,
    /// The tax of all rows, corrections included: what the ledger's tax account was posted by them.
    tax: answer::Money,
    /// The rows that correct earlier periods.
    corrections: Vec<RowOut>,
    /// The rows of the period itself.
    lines: Vec<RowOut>,
    /// What earlier returns left: below zero for what more went back than was sold.
    carried: answer::Money,
    /// What is paid: tax and what was carried, but never less than nothing.
    payable: answer::Money,
    /// The return.
    r#return: Return,
    /// What became of it: `prepared`, `confirmed` or `failed`.
    #[schema(pattern = "^(prepared|confirmed|failed)$")]
    status: &'static str,
    /// When it was prepared.
    #[schema(value_type = String, format = DateTime)]
    created_at: purser_core::Timestamp,
    /// When that became of it; null while it is under way.
    #[schema(required = true, value_type = Option<String>, format = DateTime)]
    settled_at: Option<purser_core::Timestamp>,
    /// The last times that its return was sent, newest first. Only where one remittance is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sent: Option<Vec<SentOut>>,
}

impl RemittanceOut {
    /// A remittance as clients see it.
    pub(super) fn of(gateway: &Gateway, stored: StoredRemittance) -> Result<Self, Problem> {
        let StoredRemittance { record, media_type, file_name, hash, settled } = stored;
        let account = record.account;
        let (lines, corrections) = rows(record.lines.rows(record.period, account.currency))?;
        let url = format!("{}/v1/tax/remittances/{}/return", gateway.issuer, record.id);
        let sha256 = data_encoding::HEXLOWER.encode(&hash);
        Ok(Self {
            id: record.id,
            authority: account.authority.as_str().to_owned(),
            taxpayer: account.taxpayer.to_string(),
            currency: account.currency,
            period: record.period.to_string(),
            base: record.base.into(),
            tax: record.tax.into(),
            corrections,
            lines,
            carried: record.carried.into(),
            payable: record.paid.into(),
            r#return: Return { media_type, file_name, sha256, url },
            status: settled.map_or("prepared", |(settled, _)| settled.name()),
            created_at: record.at,
            settled_at: settled.map(|(_, at)| at),
            sent: None,
        })
    }
}

/// What is owed to one authority.
#[derive(Debug, Serialize, ToSchema)]
pub struct Liability {
    /// To whom.
    authority: String,
    /// By whom: `operator`, or a merchant.
    taxpayer: String,
    /// In which currency.
    #[schema(value_type = String, pattern = "^[A-Z]{3}$")]
    currency: Currency,
    /// The net of all rows, corrections included.
    base: answer::Money,
    /// The tax of all rows, corrections included.
    tax: answer::Money,
    /// The rows that correct earlier periods.
    corrections: Vec<RowOut>,
    /// The rows of the period itself.
    lines: Vec<RowOut>,
    /// What earlier returns left.
    carried: answer::Money,
    /// What would be paid.
    payable: answer::Money,
    /// What the tax account holds, other periods included.
    balance: answer::Money,
}

/// What is owed for a period.
#[derive(Debug, Serialize, ToSchema)]
pub struct Liabilities {
    /// The period.
    pub(super) period: String,
    /// What no remittance has told of yet.
    pub(super) data: Vec<Liability>,
}

impl Liability {
    /// What is owed as clients see it.
    pub(super) fn of(owed: Owed) -> Result<Self, Problem> {
        let (lines, corrections) = rows(owed.rows())?;
        Ok(Self {
            authority: owed.account.authority.as_str().to_owned(),
            taxpayer: owed.account.taxpayer.to_string(),
            currency: owed.account.currency,
            base: owed.base.into(),
            tax: owed.tax.into(),
            corrections,
            lines,
            carried: owed.carried.into(),
            payable: owed.payable.into(),
            balance: owed.holds.into(),
        })
    }
}
