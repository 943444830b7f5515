//! Requests that another site makes a browser send. Those that need no key it could otherwise send from its visitor's own
//! address: wrong passwords, until the owner is locked out there as well.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header::HeaderName};

use crate::problem::{self, Problem};

/// Set by browsers, and by no script (Fetch Metadata, W3C). Programs send none.
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// A request that no browser says another site has sent; any other is [`problem::FORM_EXPIRED`].
pub struct OwnSite;

impl FromRequest for OwnSite {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(Self::check(request))
    }
}

impl OwnSite {
    /// Checks a request.
    pub fn check(request: &HttpRequest) -> Result<Self, Problem> {
        let from_here = |site: &[u8]| matches!(site, b"same-origin" | b"none");
        match request.headers().get(FETCH_SITE) {
            Some(site) if !from_here(site.as_bytes()) => Err(Problem::new(problem::FORM_EXPIRED)),
            _ => Ok(Self),
        }
    }
}
