//! What the software of a shop is told when it is refused.

use std::time::Duration;

use purser_core::login::{error::ErrorCode, params::Repeated};
use purser_store::StoreError;

use crate::problem::{self, Problem};

/// A refusal, by the name that the protocol has for it.
#[derive(Debug, Clone)]
pub struct Fault {
    /// The name.
    pub error: ErrorCode,
    /// In words, for the shop's developer.
    pub description: String,
    /// Seconds to wait.
    pub retry_after: Option<Duration>,
}

impl Fault {
    /// A refusal with its reason.
    pub fn new(error: ErrorCode, description: impl Into<String>) -> Self {
        Self { error, description: description.into(), retry_after: None }
    }
}

impl From<Problem> for Fault {
    /// What went wrong behind the protocol.
    fn from(problem: Problem) -> Self {
        let again = [problem::DATABASE_UNAVAILABLE, problem::OVERLOADED].contains(&problem.kind);
        let error = if again { ErrorCode::TemporarilyUnavailable } else { ErrorCode::ServerError };
        Self {
            error,
            description: problem.kind.title().to_owned(),
            retry_after: problem.retry_after,
        }
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Problem::from(error).into()
    }
}

impl From<Repeated> for Fault {
    fn from(repeated: Repeated) -> Self {
        Self::new(ErrorCode::InvalidRequest, repeated.to_string())
    }
}
