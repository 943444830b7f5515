//! Access tokens of shops. They look like those of buyers and are none: they name no account and no session, are made
//! for another audience, and open nothing but what the shop may see.

use data_encoding::HEXLOWER;
use purser_core::{
    ids::{GrantId, LoginClientId},
    login::{error::ErrorCode, scope::Scopes},
    secret::SecretText,
};
use serde::{Deserialize, Serialize};

use super::fault::Fault;
use crate::{gateway::Gateway, problem::Problem, random};

/// RFC 9068.
const TYP: &str = "at+jwt";
/// How long a token is good for, in seconds.
pub const EXPIRES_IN: i64 = 300;
/// A token of ours has some 600 bytes.
const TOKEN_BYTES_MAX: usize = 2_048;

/// What a token says.
#[derive(Debug, Serialize, Deserialize)]
pub struct Claims {
    iss: String,
    aud: String,
    /// The buyer, as the shop knows it.
    pub sub: String,
    /// Whose token it is.
    pub client_id: LoginClientId,
    /// What it came from.
    pub grant: GrantId,
    /// What it shows.
    pub scope: String,
    jti: String,
    iat: i64,
    exp: i64,
}

/// A new token of a grant.
pub fn issue(
    gateway: &Gateway,
    (client_id, grant): (LoginClientId, GrantId),
    sub: &str,
    scopes: Scopes,
) -> Result<SecretText, Problem> {
    let iat = gateway.now().as_second();
    let claims = Claims {
        iss: gateway.issuer.clone(),
        aud: audience(gateway),
        sub: sub.to_owned(),
        client_id,
        grant,
        scope: scopes.to_string(),
        jti: HEXLOWER.encode(&random::bytes::<16>()),
        iat,
        exp: iat.saturating_add(EXPIRES_IN),
    };
    gateway.keys.signing.sign(TYP, &claims).map(SecretText::new).map_err(Problem::internal)
}

/// What a token says, if it is one of ours and not yet expired. Whether its grant lives is still to be asked.
pub fn check(gateway: &Gateway, token: &str) -> Result<Claims, Fault> {
    let refused =
        || Fault::new(ErrorCode::InvalidToken, "the access token is wrong, expired or ended");
    let short = Some(token).filter(|token| token.len() <= TOKEN_BYTES_MAX).ok_or_else(refused)?;
    let claims: Claims = gateway.keys.ring.verify(TYP, short).map_err(|_| refused())?;
    let ours = claims.iss == gateway.issuer && claims.aud == audience(gateway);
    if ours && claims.exp > gateway.now().as_second() { Ok(claims) } else { Err(refused()) }
}

/// The only place where these tokens are shown.
fn audience(gateway: &Gateway) -> String {
    format!("{}/oauth/userinfo", gateway.issuer)
}
