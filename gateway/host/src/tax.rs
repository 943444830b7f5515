//! Asking a tax plugin.

use std::sync::Arc;

use purser_core::{
    money::{Money, Percent},
    tax::{Assessment, AssessmentError, Sale, TaxedLine, allot_taxes},
};
use serde::Serialize;

use crate::{
    convert,
    evidence::{Called, Digest},
    fault::CallError,
    json,
    registry::{Loaded, Question},
    wire,
};

type Answer<T> = (Result<T, wire::Error>,);

/// A plugin that assesses sales, judges tax numbers and files returns.
#[derive(Clone)]
pub struct TaxPlugin(pub(crate) Arc<Loaded>, pub(crate) Option<Arc<str>>);

/// The taxes of a sale, which can be booked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taxed {
    /// As the plugin answered.
    pub assessment: Assessment,
    /// Allotted to the lines of the sale.
    pub lines: Vec<TaxedLine>,
}

/// What a plugin says of a tax number, by its form and checksum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it can be one.
    pub valid: bool,
    /// As the authority writes it; empty when not valid.
    pub normalized: String,
    /// Whose it is.
    pub country: String,
    /// Why not.
    pub reason: Option<String>,
}

/// What was sold in one period at each rate, to be written as a return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeriodTotals {
    /// To which authority.
    pub authority: String,
    /// `2026-10` or `2026-Q4`.
    pub period: String,
    /// The taxpayer's number there.
    pub number: Option<String>,
    /// The rows.
    pub lines: Vec<PeriodLine>,
    /// What else is told: the configuration that the sales were assessed under, as `config`, and what a remittance
    /// advice names.
    pub attributes: Vec<(String, String)>,
}

/// One row of a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeriodLine {
    /// The place whose tax it is.
    pub jurisdiction: String,
    /// What was sold.
    pub category: String,
    /// Why this rate.
    pub reason: String,
    /// The rate.
    pub rate: Percent,
    /// Net, less refunds of the same period.
    pub base: Money,
    /// The tax on it.
    pub tax: Money,
    /// The earlier period that this row corrects.
    pub corrects: Option<String>,
}

/// A return in the authority's own format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filing {
    /// What `body` is.
    pub media_type: String,
    /// What to call it.
    pub file_name: String,
    /// The file.
    pub body: Vec<u8>,
}

#[derive(Serialize)]
struct AssessInput<'a> {
    sale: &'a wire::Sale,
}

#[derive(Serialize)]
struct CheckTaxIdInput<'a> {
    country: &'a str,
    number: &'a str,
}

#[derive(Serialize)]
struct FileReturnInput<'a> {
    totals: &'a wire::PeriodTotals,
}

impl TaxPlugin {
    /// The SHA-256 of its component.
    pub fn digest(&self) -> Digest {
        self.0.digest
    }

    /// The same with the operator's configuration, which goes with every sale and every period.
    pub fn configured(self, config: Option<Arc<str>>) -> Self {
        Self(self.0, config)
    }

    /// The operator's configuration.
    pub fn config(&self) -> Option<&Arc<str>> {
        self.1.as_ref()
    }

    /// The taxes of a sale. Taxes that cannot be booked are a fault like any other.
    pub async fn assess(&self, sale: &Sale) -> Result<Called<Taxed>, CallError> {
        let input = convert::sale(sale, self.1.as_deref());
        let question = question("assess", &AssessInput { sale: &input }, (&input,))?;
        let read = |(answer,): Answer<wire::Assessment>| {
            let answer = answer.map_err(CallError::refused)?;
            let output = written(&answer)?;
            let assessment = convert::read_assessment(answer)?;
            let lines = allot_taxes(sale, &assessment).map_err(|error| match error {
                AssessmentError::Overflow => CallError::too_large(),
                error => CallError::bad_output(error.to_string()),
            })?;
            Ok((Taxed { assessment, lines }, output))
        };
        self.0.ask(question, read).await
    }

    /// Whether `number` can be a tax number of `country`.
    pub async fn check_tax_id(
        &self,
        country: &str,
        number: &str,
    ) -> Result<Called<Verdict>, CallError> {
        let question =
            question("check-tax-id", &CheckTaxIdInput { country, number }, (country, number))?;
        let read = |(answer,): Answer<wire::Verdict>| {
            let verdict = answer.map_err(CallError::refused)?;
            let output = written(&verdict)?;
            Ok((read_verdict(verdict)?, output))
        };
        self.0.ask(question, read).await
    }

    /// The return of a period.
    pub async fn file_return(&self, totals: &PeriodTotals) -> Result<Called<Filing>, CallError> {
        let totals = period_totals(totals, self.1.as_deref());
        let question = question("file-return", &FileReturnInput { totals: &totals }, (&totals,))?;
        let read = |(answer,): Answer<wire::Filing>| {
            let filing = answer.map_err(CallError::refused)?;
            let output = written(&filing)?;
            Ok((read_filing(filing)?, output))
        };
        self.0.ask(question, read).await
    }
}

/// A call whose JSON is also the measure of what the plugin is given.
pub(crate) fn question<P>(
    function: &'static str,
    input: &impl Serialize,
    params: P,
) -> Result<Question<P>, CallError> {
    let input = written(input)?;
    Ok(Question { function, input_bytes: input.len(), input, params })
}

pub(crate) fn written(value: &impl Serialize) -> Result<String, CallError> {
    json::text(value).map_err(|error| CallError::bad_output(error.to_string()))
}

fn read_verdict(verdict: wire::Verdict) -> Result<Verdict, CallError> {
    let wire::Verdict { valid, normalized, country, reason } = verdict;
    Ok(Verdict {
        valid,
        normalized: convert::short("normalized", normalized)?,
        country: convert::short("country", country)?,
        reason: reason.map(|reason| convert::long("reason", reason)).transpose()?,
    })
}

fn read_filing(filing: wire::Filing) -> Result<Filing, CallError> {
    let wire::Filing { media_type, file_name, body } = filing;
    let media_type = convert::short("media-type", media_type)?;
    let file_name = convert::short("file-name", file_name)?;
    if !is_media_type(&media_type) {
        return Err(CallError::bad_output("media-type: like text/csv; charset=utf-8"));
    }
    if file_name.contains(['/', '\\']) || file_name.starts_with('.') {
        return Err(CallError::bad_output("file-name: a plain name, without directories"));
    }
    Ok(Filing { media_type, file_name, body })
}

/// RFC 9110, section 8.3.1, in visible ASCII: it becomes a header.
fn is_media_type(text: &str) -> bool {
    let token = |part: &str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        !part.is_empty() && part.bytes().all(allowed)
    };
    let essence = text.split(';').next().unwrap_or_default().trim_end();
    let (kind, subtype) = essence.split_once('/').unwrap_or_default();
    let visible = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
    token(kind) && token(subtype) && text.bytes().all(visible)
}

fn period_totals(totals: &PeriodTotals, config: Option<&str>) -> wire::PeriodTotals {
    let PeriodTotals { authority, period, number, lines, mut attributes } = totals.clone();
    attributes.extend(convert::attributes(config));
    let line = |line: PeriodLine| wire::PeriodLine {
        jurisdiction: line.jurisdiction,
        category: line.category,
        reason: line.reason,
        rate: convert::decimal(line.rate.parts()),
        base: convert::money(line.base),
        tax: convert::money(line.tax),
        corrects: line.corrects,
    };
    let lines = lines.into_iter().map(line).collect();
    wire::PeriodTotals { authority, period, number, lines, attributes }
}
