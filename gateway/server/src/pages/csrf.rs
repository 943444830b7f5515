//! What tells a form of ours from one that another site made: a keyed MAC over the visitor's cookie, in a hidden field.
//!
//! The token decides. What browsers say beside it (`Origin`, `Sec-Fetch-Site`) is checked where it is sent.

use actix_web::{
    HttpRequest,
    http::header::{HOST, ORIGIN},
};
use data_encoding::BASE64URL_NOPAD;
use purser_core::secret::{KeyedHash, keyed_hash};

use crate::{
    gateway::Gateway,
    http::own_site::OwnSite,
    problem::{self, Problem},
};

/// The token of a visitor's forms.
pub fn token(gateway: &Gateway, cookie: &str) -> String {
    BASE64URL_NOPAD.encode(mac(gateway, cookie).as_bytes())
}

/// Refuses a form that was not made for this visitor.
pub fn check(gateway: &Gateway, cookie: &str, shown: &str) -> Result<(), Problem> {
    let shown = BASE64URL_NOPAD.decode(shown.as_bytes()).ok();
    let shown = shown.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok()).map(KeyedHash::from_bytes);
    // Keyed hashes compare in constant time.
    if shown == Some(mac(gateway, cookie)) { Ok(()) } else { Err(refused()) }
}

/// Refuses a form that the browser says another site has sent.
pub fn check_source(gateway: &Gateway, request: &HttpRequest) -> Result<(), Problem> {
    OwnSite::check(request)?;
    let header = |name| request.headers().get(name).map(|value| value.to_str().unwrap_or_default());
    let Some(origin) = header(ORIGIN) else { return Ok(()) };
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    let issuer = gateway.issuer.split_once("://").map(|(_, rest)| rest);
    let issuer = issuer.and_then(|rest| rest.split('/').next());
    if authority.is_some() && (authority == issuer || authority == header(HOST)) {
        return Ok(());
    }
    Err(refused())
}

fn mac(gateway: &Gateway, cookie: &str) -> KeyedHash {
    keyed_hash(&gateway.keys.hash, "form token", cookie.as_bytes())
}

fn refused() -> Problem {
    Problem::new(problem::FORM_EXPIRED)
}
