//! Logging in at a shop: what the gateway checks and says as an OpenID Connect provider.
//!
//! A shop is a [`client`] with addresses that it registered. It sends its buyer here with a [`request`], the buyer
//! signs in and agrees to the [`scope`] of what the shop will see, and goes back with a code; the shop exchanges the
//! code, with the secret behind its [`pkce`] challenge, for an [`id_token`]. What goes wrong has one of the names in
//! [`error`]. Everything here is the code flow of OpenID Connect Core 1.0 as RFC 9700 advises it.

pub mod client;
pub mod error;
pub mod id_token;
pub mod params;
pub mod pkce;
pub mod request;
pub mod scope;
