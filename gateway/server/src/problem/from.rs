//! The errors of the other parts, as problems.

use purser_core::{
    offer::{ContentFault, OfferError},
    refusal::Refusal,
};
use purser_host::CallError;
use purser_store::{StoreError, SubmitError};

use super::*;

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable => {
                tracing::warn!(%error, "the database does not answer");
                Self::new(DATABASE_UNAVAILABLE).retry_after(2)
            }
            StoreError::Corrupt { .. } | StoreError::Database(_) => Self::internal(error),
        }
    }
}

impl From<SubmitError> for Problem {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Overloaded | SubmitError::Stale => Self::new(OVERLOADED).retry_after(1),
            SubmitError::TooLarge => {
                Self::new(INVALID_AMOUNT).detail("the amount is too large for the books")
            }
            SubmitError::KeyReused => Self::new(KEY_REUSED),
            SubmitError::Unavailable => Self::new(DATABASE_UNAVAILABLE).retry_after(2),
            SubmitError::Broken(why) => Self::internal(why),
        }
    }
}

impl From<CallError> for Problem {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Fault(fault, detail) => {
                tracing::warn!(plugin.fault = fault.name(), %detail, "a plugin failed");
                Self::new(PLUGIN_FAILED).with("fault", fault.name())
            }
            CallError::Overloaded => Self::new(OVERLOADED).retry_after(1),
            CallError::InputTooLarge { .. } => Self::malformed("", error.to_string()),
            CallError::Refused(error) => {
                match Kind::parse(&error.code).filter(|kind| PLUGINS_MAY.contains(kind)) {
                    Some(kind) => {
                        let problem = Self::new(kind).detail(error.message);
                        let problem =
                            if kind == RATES_TOO_OLD { problem.retry_after(60) } else { problem };
                        match error.field {
                            Some(field) => problem.field(field),
                            None => problem,
                        }
                    }
                    None => {
                        tracing::warn!(%error.code, %error.message, "a plugin refused what it was asked");
                        Self::new(PLUGIN_FAILED)
                    }
                }
            }
        }
    }
}

/// The problems that a plugin may answer with; anything else it says is a failure of the plugin.
const PLUGINS_MAY: [Kind; 7] = [
    POSTAGE_UNSUPPORTED,
    INVALID_AMOUNT,
    CURRENCY_UNSUPPORTED,
    TAX_COUNTRY_UNSUPPORTED,
    TAX_CATEGORY_UNSUPPORTED,
    TAX_ID_INVALID,
    RATES_TOO_OLD,
];

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        // Every refusal's name is a problem's name; a test walks through them.
        let problem = Self::new(Kind::parse(refusal.name()).unwrap_or(INTERNAL));
        match refusal {
            Refusal::AlreadyRefunded { refund } => problem.with("refund", refund.to_string()),
            Refusal::OfferAlreadyUsed { offer: Some(offer) } => problem.with("offer_id", offer),
            Refusal::StampHeld { days } => problem.with("days", days),
            Refusal::HoldsLess { account, holds } => problem
                .detail(holds_less(&account, holds))
                .with("account", account)
                .with("holds", serde_json::to_value(holds).unwrap_or_default()),
            Refusal::AlreadySettled { settled } => problem.with("settled", settled.name()),
            Refusal::LimitExceeded { limit, most } => problem
                .with("limit", serde_json::to_value(limit).unwrap_or_default())
                .with("most", serde_json::to_value(most).unwrap_or_default()),
            Refusal::InsufficientFunds
            | Refusal::VaultInactive
            | Refusal::NotFound
            | Refusal::RefundLimitExceeded
            | Refusal::RefundWindowClosed
            | Refusal::NotPurchased
            | Refusal::OfferAlreadyUsed { offer: None }
            | Refusal::StampAlreadyScanned
            | Refusal::CardAlreadyUsed
            | Refusal::CardRefused
            | Refusal::LimitOfOtherExceeded => problem,
        }
    }
}

/// What an account holds that was to give more, and how the operator helps it.
fn holds_less(account: &str, holds: purser_money::Money) -> String {
    let cure = if account.starts_with("float:") {
        "; book the trade that brings real money in with POST /v1/treasury/trades, then use a new key"
    } else {
        ""
    };
    format!("{account} holds {holds}{cure}")
}

impl From<OfferError> for Problem {
    fn from(error: OfferError) -> Self {
        match error {
            OfferError::Tampered => Self::new(OFFER_TAMPERED),
            OfferError::NotForThisGateway => Self::new(OFFER_ELSEWHERE),
            OfferError::Expired { .. } => Self::new(OFFER_EXPIRED).detail(error.to_string()),
            // Genuine, so the merchant itself is told what to correct.
            OfferError::Content { field, fault: ContentFault::Amount(fault) } => {
                Self { field: Some(field.to_owned()), ..Self::amount(field, fault) }
            }
            OfferError::Content { field, fault: ContentFault::NotPositive } => {
                Self::new(INVALID_AMOUNT).field(field).detail(error.to_string())
            }
            OfferError::Content { field, .. } => Self::malformed(field, error.to_string()),
        }
    }
}
