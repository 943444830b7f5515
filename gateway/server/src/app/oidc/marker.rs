//! What an authorization request remembers of a sign-in that was made for it: which session began so.
//!
//! It is made where somebody has just shown a PIN and a password on the request's own page, and nowhere else: whoever could
//! have one made without signing in would be taken for somebody who has. It travels with the request, encrypted and bound
//! to it. Nothing is kept of visitors who never sign in.

use data_encoding::BASE64URL_NOPAD;
use purser_core::{Timestamp, ids::SessionId, login::request::AuthorizationRequest};
use serde::{Deserialize, Serialize};

use crate::gateway::Gateway;

/// The parameter that carries it.
pub const PARAMETER: &str = "purser_asked";
/// Seconds until whoever signed in is asked again.
const GOOD_S: i64 = 3_600;

#[derive(Serialize, Deserialize)]
struct Marker {
    at: i64,
    session: SessionId,
}

/// A marker for a request that this session has just begun for.
pub fn seal(
    gateway: &Gateway,
    request: &AuthorizationRequest,
    session: SessionId,
    now: Timestamp,
) -> String {
    let marker = Marker { at: now.as_second(), session };
    let json = serde_json::to_vec(&marker).unwrap_or_default();
    BASE64URL_NOPAD.encode(&gateway.keys.wrap(&about(request), &json))
}

/// Whether a session began for this request.
pub fn is_of(
    gateway: &Gateway,
    request: &AuthorizationRequest,
    sealed: &str,
    session: SessionId,
) -> bool {
    let open = || {
        let wrapped = BASE64URL_NOPAD.decode(sealed.as_bytes()).ok()?;
        let json = gateway.keys.unwrap(&about(request), &wrapped).ok()?;
        serde_json::from_slice::<Marker>(&json).ok()
    };
    let age_s = |marker: &Marker| gateway.now().as_second().saturating_sub(marker.at);
    open().is_some_and(|marker| (0..=GOOD_S).contains(&age_s(&marker)) && marker.session == session)
}

fn about(request: &AuthorizationRequest) -> String {
    format!("sign-in for {}", request.query())
}
