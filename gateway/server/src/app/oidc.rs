//! Logging in at a shop: the gateway as an OpenID Connect provider.
//!
//! A shop's buyer comes with a request ([`authorize`]), signs in, agrees ([`consent`]) and goes back with a code. What
//! the shop gets for the code ([`token`]) opens nothing here but what it may see ([`userinfo`]): no token of a shop is
//! ever one of its buyer. All of it ends with what it came from: the buyer's session, the consent, the client.

pub mod access;
pub mod authorize;
pub mod client;
pub mod consent;
pub mod elsewhere;
pub mod end_session;
pub mod fault;
pub mod key;
pub mod marker;
pub mod token;
pub mod userinfo;
