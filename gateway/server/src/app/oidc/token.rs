//! Codes and refresh tokens into tokens.

use jiff::SignedDuration;
use purser_core::{
    Timestamp,
    ids::MerchantId,
    login::{
        client::{IdTokenAlg, LoginClient},
        error::ErrorCode,
        id_token::{IdTokenClaims, Identity},
        scope::Scopes,
    },
    receipt::pairwise_subject,
    secret::{KeyedHash, SecretText, keyed_hash},
};
use purser_store::{
    Connection, StoreError,
    facts::{
        login_grant::{
            CodeUse, Grant, GrantRefresh, login_code_use, login_grant_begin, login_grant_end,
            login_grant_refresh,
        },
        session::RefreshToken,
    },
};
use zeroize::Zeroizing;

use super::{access, fault::Fault, key};
use crate::{clock::later, gateway::Gateway, keys::random_text, problem::Problem};

/// A shop that has not looked for a month asks again.
const REFRESH_HOURS: i64 = 30 * 24;
/// And every shop after a quarter of a year.
const GRANT_HOURS: i64 = 90 * 24;
/// How long an ID token is good for, in seconds: it is read once, at once.
const ID_TOKEN_S: i64 = 300;

/// What a client gets.
pub struct Issued {
    /// Shows what the shop may see, for a few minutes.
    pub access: SecretText,
    /// Says who logged in.
    pub id_token: String,
    /// Exchanged once for new tokens, if the buyer agreed to that.
    pub refresh: Option<SecretText>,
    /// What the access token shows.
    pub scopes: Scopes,
}

/// A code as it is shown.
pub struct CodeShown<'a> {
    /// The code.
    pub code: &'a str,
    /// Where it was sent, as the client has it.
    pub redirect_uri: &'a str,
    /// The secret behind the challenge.
    pub verifier: Option<&'a str>,
}

/// What came of a code, within its transaction.
enum Exchanged {
    Good(Box<Grant>),
    Refused(&'static str),
    Reused,
}

/// Exchanges a code, once. One that comes again was copied by somebody: what it gave has ended then. One that is shown with
/// the wrong secret or address is used up by it.
pub async fn exchange(
    gateway: &Gateway,
    client: &LoginClient,
    shown: &CodeShown<'_>,
) -> Result<Issued, Fault> {
    let hash = code_hash(gateway, shown.code);
    let (id, now) = (client.id, gateway.now());
    let redirect_uri = shown.redirect_uri.to_owned();
    let verifier = shown.verifier.map(|verifier| Zeroizing::new(verifier.to_owned()));
    let (refresh, kept) =
        refresh_token(gateway, later(now, SignedDuration::from_hours(REFRESH_HOURS)));
    let online_until = seconds_later(now, access::EXPIRES_IN);
    let exchanged = gateway.store.write(move |db| {
        let grant = match login_code_use(db, &hash, id, now)? {
            CodeUse::First(grant) => grant,
            CodeUse::Reused(_) => return Ok(Exchanged::Reused),
            CodeUse::Unknown => {
                return Ok(Exchanged::Refused("the code is wrong, used or expired"));
            }
        };
        let verifier = verifier.as_ref().map(|verifier| verifier.as_str());
        if let Some(fault) = fault_of(&grant, &redirect_uri, verifier) {
            login_grant_end(db, grant.id)?;
            return Ok(Exchanged::Refused(fault));
        }
        begin(db, &grant, &kept, online_until)?;
        Ok(Exchanged::Good(grant))
    });
    match exchanged.await? {
        Exchanged::Good(grant) => {
            let refresh = grant.scopes.offline_access.then_some(refresh);
            issue(gateway, client, &grant, grant.scopes, grant.nonce.as_deref(), refresh).await
        }
        Exchanged::Refused(fault) => Err(Fault::new(ErrorCode::InvalidGrant, fault)),
        Exchanged::Reused => {
            tracing::warn!(client.id = %client.id, "a used login code came again; what it gave has ended");
            let fault = "the code was used before; the tokens that it gave have ended";
            Err(Fault::new(ErrorCode::InvalidGrant, fault))
        }
    }
}

/// Exchanges a refresh token. One that was exchanged before was copied by somebody: its grant has ended then.
pub async fn refresh(
    gateway: &Gateway,
    client: &LoginClient,
    shown: &str,
    scope: Option<&str>,
) -> Result<Issued, Fault> {
    let asked = scope.map(str::parse::<Scopes>).transpose();
    let asked =
        asked.map_err(|_| Fault::new(ErrorCode::InvalidScope, "`scope` must contain `openid`"))?;
    let (old, id, now) = (refresh_hash(gateway, shown), client.id, gateway.now());
    let (refresh, kept) =
        refresh_token(gateway, later(now, SignedDuration::from_hours(REFRESH_HOURS)));
    let refused = |fault| Err(Fault::new(ErrorCode::InvalidGrant, fault));
    let refreshed =
        gateway.store.write(move |db| login_grant_refresh(db, (&old, &kept), id, now)).await?;
    match refreshed {
        // Sixty more days of a grant that began a quarter of a year ago are none.
        GrantRefresh::Rotated(grant)
            if now > later(grant.created_at, SignedDuration::from_hours(GRANT_HOURS)) =>
        {
            gateway.store.write(move |db| login_grant_end(db, grant.id)).await?;
            refused("the buyer agreed to this too long ago")
        }
        GrantRefresh::Rotated(grant) => {
            let scopes = asked.map_or(grant.scopes, |asked| asked.within(grant.scopes));
            // No nonce: it belongs to the first token (OpenID Connect Core, section 12.2).
            issue(gateway, client, &grant, scopes, None, Some(refresh)).await
        }
        GrantRefresh::Reused(grant) => {
            tracing::warn!(grant.id = %grant, "a used refresh token of a shop came again; its grant has ended");
            refused("the refresh token was used before; its grant has ended")
        }
        GrantRefresh::Unknown => refused("the refresh token is wrong, expired or ended"),
    }
}

/// What is wrong with the way in which a code is shown.
fn fault_of(grant: &Grant, redirect_uri: &str, verifier: Option<&str>) -> Option<&'static str> {
    if grant.redirect_uri != redirect_uri {
        return Some("`redirect_uri` is not the one that the code was sent to");
    }
    match (grant.challenge, verifier) {
        (None, None) => None,
        (Some(challenge), Some(verifier)) if challenge.is_met_by(verifier) => None,
        (Some(_), Some(_)) => Some("`code_verifier` is not the secret behind the challenge"),
        (Some(_), None) => Some("`code_verifier` is missing"),
        // Otherwise whoever strips the challenge from a request would go unnoticed (RFC 9700, section 2.1.1).
        (None, Some(_)) => Some("`code_verifier` is there, and the request had no challenge"),
    }
}

/// Lets a grant live on: as long as its refresh tokens, or as long as its only access token.
fn begin(
    db: &mut Connection,
    grant: &Grant,
    refresh: &RefreshToken,
    online_until: Timestamp,
) -> Result<(), StoreError> {
    if grant.scopes.offline_access {
        return login_grant_begin(db, grant.id, refresh.expires_at, Some(refresh));
    }
    login_grant_begin(db, grant.id, online_until, None)
}

async fn issue(
    gateway: &Gateway,
    client: &LoginClient,
    grant: &Grant,
    scopes: Scopes,
    nonce: Option<&str>,
    refresh: Option<SecretText>,
) -> Result<Issued, Fault> {
    let sub = subject(gateway, client.merchant, grant);
    let access = access::issue(gateway, (client.id, grant.id), &sub, scopes)?;
    let iat = gateway.clock.by_machine(gateway.now()).as_second();
    let claims = IdTokenClaims {
        iss: &gateway.issuer,
        aud: client.id.to_string(),
        iat,
        exp: iat.saturating_add(ID_TOKEN_S),
        auth_time: grant.auth_time_s,
        nonce,
        who: Identity::new(sub, scopes, &gateway.issuer),
    };
    let id_token = match client.id_token_alg {
        IdTokenAlg::EdDsa => claims.sign(&gateway.keys.signing),
        IdTokenAlg::Rs256 => claims.sign_rs256(&*key::rs256(gateway).await?),
    };
    let id_token = id_token.map_err(Problem::internal)?;
    Ok(Issued { access, id_token, refresh, scopes })
}

fn subject(gateway: &Gateway, merchant: MerchantId, grant: &Grant) -> String {
    pairwise_subject(&gateway.keys.pairwise, merchant, grant.account)
}

/// A new refresh token, and what is kept of it.
fn refresh_token(gateway: &Gateway, expires_at: Timestamp) -> (SecretText, RefreshToken) {
    let token = random_text("lr_");
    let hash = refresh_hash(gateway, token.expose());
    (token, RefreshToken { hash, expires_at })
}

/// What a refresh token of a shop is recognised by.
pub(super) fn refresh_hash(gateway: &Gateway, token: &str) -> KeyedHash {
    keyed_hash(&gateway.keys.hash, "refresh token of a shop", token.as_bytes())
}

/// What a code is recognised by.
pub(super) fn code_hash(gateway: &Gateway, code: &str) -> KeyedHash {
    keyed_hash(&gateway.keys.hash, "login code", code.as_bytes())
}

/// So many seconds later.
pub(super) fn seconds_later(now: Timestamp, seconds: i64) -> Timestamp {
    later(now, SignedDuration::from_secs(seconds))
}
