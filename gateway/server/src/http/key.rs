//! The idempotency key of a request: read with everything else that authentication asks of the database, and judged
//! only by the calls that need one. Everywhere else it is ignored, whatever it looks like.

use std::fmt::Display;

use actix_web::{HttpRequest, http::header::HeaderName};
use purser_core::command::{KeyClaim, Outcome};
use purser_store::{Answered, Connection, StoreError, idempotency_find};

use crate::{
    app::intent,
    gateway::Gateway,
    problem::{self, Problem},
};

const NAME: HeaderName = HeaderName::from_static("idempotency-key");
const BYTES_MAX: usize = 255;

/// The header as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyHeader {
    /// There is none.
    Absent,
    /// One key of the right form.
    Given(String),
    /// Several, or one that is too long or not visible ASCII.
    Malformed,
}

impl KeyHeader {
    /// The header of a request.
    pub fn of(request: &HttpRequest) -> Self {
        let mut headers = request.headers().get_all(NAME);
        let Some(header) = headers.next() else { return Self::Absent };
        let key = Some(header.as_bytes()).filter(|key| (1..=BYTES_MAX).contains(&key.len()));
        let key =
            key.filter(|key| key.iter().all(u8::is_ascii_graphic) && headers.next().is_none());
        match key.and_then(|key| std::str::from_utf8(key).ok()) {
            Some(key) => Self::Given(key.to_owned()),
            None => Self::Malformed,
        }
    }

    /// The key to look up, if there is one.
    pub fn given(&self) -> Option<&str> {
        match self {
            Self::Given(key) => Some(key),
            Self::Absent | Self::Malformed => None,
        }
    }

    /// What the key answered before, in its owner's scope.
    pub fn look(&self, db: &mut Connection, scope: &str) -> Result<Option<Answered>, StoreError> {
        self.given().map_or(Ok(None), |key| idempotency_find(db, scope, key))
    }
}

/// A caller's key.
#[derive(Clone)]
pub struct Key {
    scope: String,
    header: KeyHeader,
    answered: Option<Answered>,
}

impl Key {
    /// A key of this account, merchant or operator, and what it answered before.
    pub fn new(scope: impl Display, header: KeyHeader, answered: Option<Answered>) -> Self {
        Self { scope: scope.to_string(), header, answered }
    }

    /// The claim to the key for a request of a call that needs one, and what the same request was answered before.
    pub fn claim(
        &self,
        gateway: &Gateway,
        request: &HttpRequest,
        body: &[u8],
    ) -> Result<(KeyClaim, Option<Outcome>), Problem> {
        let key = match &self.header {
            KeyHeader::Given(key) => key.clone(),
            KeyHeader::Absent => {
                return Err(Problem::new(problem::KEY_MISSING).field("Idempotency-Key"));
            }
            KeyHeader::Malformed => {
                return Err(Problem::malformed(
                    "Idempotency-Key",
                    "one key of 1 to 255 visible ASCII characters",
                ));
            }
        };
        let (method, path) = (request.method().as_str(), request.path());
        let claim = intent::claim(gateway, self.scope.clone(), key, method, path, body);
        let answered = intent::answered(&claim, self.answered.clone())?;
        Ok((claim, answered))
    }

    /// The same for a call that may be made without a key.
    pub fn claim_if_given(
        &self,
        gateway: &Gateway,
        request: &HttpRequest,
        body: &[u8],
    ) -> Result<Option<(KeyClaim, Option<Outcome>)>, Problem> {
        match &self.header {
            KeyHeader::Absent => Ok(None),
            KeyHeader::Given(_) | KeyHeader::Malformed => {
                self.claim(gateway, request, body).map(Some)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn a_key_is_255_visible_characters_at_most() {
        let check = |headers: &[&str], expected: KeyHeader| {
            let request = headers.iter().fold(TestRequest::default(), |request, header| {
                request.append_header((NAME, *header))
            });
            assert_eq!(KeyHeader::of(&request.to_http_request()), expected, "{headers:?}");
        };
        let given = |key: &str| KeyHeader::Given(key.to_owned());
        check(&[], KeyHeader::Absent);
        check(&["a-1~!"], given("a-1~!"));
        check(&[&"k".repeat(255)], given(&"k".repeat(255)));
        for wrong in [&[&*"k".repeat(256)] as &[&str], &[""], &["a b"], &["é"], &["a", "b"]] {
            check(wrong, KeyHeader::Malformed);
        }
    }
}
