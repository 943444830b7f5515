//! Why a plugin has no answer.

use purser_money::MoneyError;

use crate::bindings::wire;

/// The problems that a plugin may answer with. The gateway passes those on that the buyer can
/// mend, under the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Problem {
    /// An input that breaks the contract or cannot be read.
    MalformedRequest,
    /// An amount that is too large, or of a sign or currency that makes no sense here.
    InvalidAmount,
    /// Not a currency of ISO 4217 that has a minor unit.
    UnknownCurrency,
    /// A currency that this table of rates does not have.
    CurrencyUnsupported,
    /// No rules for this country or this part of it.
    TaxCountryUnsupported,
    /// No rules for this category in this country on this day.
    TaxCategoryUnsupported,
    /// A tax number that fails its own checksum.
    TaxIdInvalid,
    /// A table of rates that is older than the caller accepts.
    RatesTooOld,
    /// Nothing that this vendor sells carries such a piece.
    PostageUnsupported,
    /// Bytes that are no mark of this vendor.
    IndiciumUnreadable,
    /// The vendor's own service did not answer, or not as it says it does.
    VendorUnavailable,
}

impl Problem {
    /// The name in the contract.
    pub const fn code(self) -> &'static str {
        match self {
            Self::MalformedRequest => "malformed-request",
            Self::InvalidAmount => "invalid-amount",
            Self::UnknownCurrency => "unknown-currency",
            Self::CurrencyUnsupported => "currency-unsupported",
            Self::TaxCountryUnsupported => "tax-country-unsupported",
            Self::TaxCategoryUnsupported => "tax-category-unsupported",
            Self::TaxIdInvalid => "tax-id-invalid",
            Self::RatesTooOld => "rates-too-old",
            Self::PostageUnsupported => "postage-unsupported",
            Self::IndiciumUnreadable => "indicium-unreadable",
            Self::VendorUnavailable => "vendor-unavailable",
        }
    }
}

/// A problem, what to do about it, and the input at fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", problem.code())]
pub struct Error {
    problem: Problem,
    message: String,
    field: Option<String>,
}

impl Error {
    /// A problem and what to do about it, in words for the person who asked.
    pub fn new(problem: Problem, message: impl Into<String>) -> Self {
        Self { problem, message: message.into(), field: None }
    }

    /// Names the input at fault: `lines[2].category`.
    #[must_use]
    pub fn at(self, field: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..self }
    }

    /// Which problem it is.
    pub fn problem(&self) -> Problem {
        self.problem
    }

    /// The input at fault, where one is.
    pub fn field(&self) -> Option<&str> {
        self.field.as_deref()
    }
}

impl From<MoneyError> for Error {
    fn from(error: MoneyError) -> Self {
        let problem = match error {
            MoneyError::UnknownCurrency => Problem::UnknownCurrency,
            MoneyError::MalformedAmount
            | MoneyError::TooManyDecimals { .. }
            | MoneyError::CurrenciesDiffer(..)
            | MoneyError::NoWeights
            | MoneyError::Overflow => Problem::InvalidAmount,
            MoneyError::MalformedDecimal
            | MoneyError::RateNotPositive
            | MoneyError::PercentOutOfRange => Problem::MalformedRequest,
        };
        Self::new(problem, error.to_string())
    }
}

impl From<Error> for wire::Error {
    fn from(error: Error) -> Self {
        // The same input always has the same answer, so nothing a plugin refuses is worth a retry
        // but what the gateway may fetch afresh: rates, and a vendor's reply.
        let retryable = matches!(error.problem, Problem::RatesTooOld | Problem::VendorUnavailable);
        Self {
            code: error.problem.code().to_owned(),
            message: error.message,
            field: error.field,
            retryable,
        }
    }
}
