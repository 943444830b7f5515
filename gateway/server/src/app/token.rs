//! Access tokens: signed proof, for five minutes, that somebody signed in.
//!
//! A token names a session, and every request looks whether that session still lives, so signing out ends its tokens
//! at once. Checking a signature costs as much as the rest of a small request; a token that was checked is therefore
//! remembered by its hash until it expires.

use std::sync::Arc;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use purser_core::{
    Timestamp,
    ids::{AccountId, SessionId},
    secret::SecretText,
};
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::login::LoginSalt;
use crate::{
    gateway::Gateway,
    problem::{self, Problem},
    random,
};

/// RFC 9068.
const TYP: &str = "at+jwt";
/// How long a token is good for, in seconds.
pub const EXPIRES_IN: i64 = 300;
/// A token of ours has some 700 bytes.
const TOKEN_BYTES_MAX: usize = 2048;
/// Buyers whose token is remembered; at 300 bytes each this stays below 10 MB.
const REMEMBERED: usize = 30_000;

/// Tokens that were checked, by their hash.
pub struct TokenCache(Cache<[u8; 32], Arc<Access>>);

/// What a checked token says.
pub struct Access {
    /// Whose.
    pub account: AccountId,
    /// Which session it came from.
    pub session: SessionId,
    expires_at: i64,
    login: SealedSalt,
}

/// The salt of a login, encrypted for the gateway alone. Session tokens carry it, so that PIN and password can be
/// changed without the e-mail, of which the gateway keeps nothing.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SealedSalt(String);

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: AccountId,
    sid: SessionId,
    jti: String,
    iat: i64,
    exp: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
    login: SealedSalt,
}

impl Default for TokenCache {
    fn default() -> Self {
        Self(Cache::new(REMEMBERED))
    }
}

impl SealedSalt {
    /// Encrypts it.
    pub fn seal(gateway: &Gateway, account: AccountId, salt: &LoginSalt) -> Self {
        Self(BASE64URL_NOPAD.encode(&gateway.keys.wrap(&about(account), salt.expose())))
    }

    /// Decrypts it.
    pub fn open(&self, gateway: &Gateway, account: AccountId) -> Result<LoginSalt, Problem> {
        let wrapped = BASE64URL_NOPAD.decode(self.0.as_bytes()).map_err(Problem::internal)?;
        let salt = gateway.keys.unwrap(&about(account), &wrapped).map_err(Problem::internal)?;
        let salt = <[u8; 32]>::try_from(salt)
            .map_err(|_| Problem::internal("a login salt is not 32 bytes"))?;
        Ok(LoginSalt::from_bytes(salt))
    }

    /// The text as a token carries it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text of a token that was found genuine.
    pub fn from_genuine(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl Access {
    /// What the cookie of a browser says. Whether its session lives was asked when it was found.
    pub(super) const fn of_browser(
        account: AccountId,
        session: SessionId,
        login: SealedSalt,
    ) -> Self {
        Self { account, session, expires_at: i64::MAX, login }
    }

    /// The salt of the login that the session began with.
    pub fn login(&self, gateway: &Gateway) -> Result<LoginSalt, Problem> {
        self.login.open(gateway, self.account)
    }
}

/// A new access token.
pub fn issue(
    gateway: &Gateway,
    account: AccountId,
    session: SessionId,
    login: SealedSalt,
    now: Timestamp,
) -> Result<SecretText, Problem> {
    let iat = now.as_second();
    let claims = Claims {
        iss: gateway.issuer.clone(),
        aud: gateway.issuer.clone(),
        sub: account,
        sid: session,
        jti: HEXLOWER.encode(&random::bytes::<16>()),
        iat,
        exp: iat.saturating_add(EXPIRES_IN),
        nbf: None,
        login,
    };
    gateway.keys.signing.sign(TYP, &claims).map(SecretText::new).map_err(Problem::internal)
}

/// What a token says, if it is one of ours and not yet expired. Whether its session lives is still to be asked.
pub fn check(gateway: &Gateway, token: &str) -> Result<Arc<Access>, Problem> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(refused());
    }
    let now = gateway.now().as_second();
    let hash: [u8; 32] = Sha256::digest(token).into();
    let access = match gateway.tokens.0.get(&hash) {
        Some(access) => access,
        None => {
            let access = Arc::new(verify(gateway, token, now)?);
            gateway.tokens.0.insert(hash, Arc::clone(&access));
            access
        }
    };
    if access.expires_at > now {
        return Ok(access);
    }
    gateway.tokens.0.remove(&hash);
    Err(refused())
}

fn verify(gateway: &Gateway, token: &str, now: i64) -> Result<Access, Problem> {
    let claims: Claims = gateway.keys.ring.verify(TYP, token).map_err(|_| refused())?;
    let ours = claims.iss == gateway.issuer && claims.aud == gateway.issuer;
    let valid_now = claims.exp > now && claims.nbf.is_none_or(|nbf| nbf <= now);
    if !ours || !valid_now {
        return Err(refused());
    }
    Ok(Access {
        account: claims.sub,
        session: claims.sid,
        expires_at: claims.exp,
        login: claims.login,
    })
}

/// The same for every reason.
fn refused() -> Problem {
    Problem::new(problem::NOT_AUTHENTICATED)
}

fn about(account: AccountId) -> String {
    format!("login salt of {account}")
}
