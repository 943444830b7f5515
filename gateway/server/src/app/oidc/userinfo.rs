//! What a shop sees of its buyer, asked with its access token; and giving tokens back.

use purser_core::{
    ids::LoginClientId,
    login::{client::LoginClient, error::ErrorCode, id_token::Identity, scope::Scopes},
    receipt::pairwise_subject,
};
use purser_store::facts::login_grant::{login_grant_end, login_grant_get, login_grant_of_refresh};

use super::{access, fault::Fault, token::refresh_hash};
use crate::gateway::Gateway;

/// What the token shows, while all that it came from lives.
pub async fn userinfo(gateway: &Gateway, token: &str) -> Result<Identity, Fault> {
    let claims = access::check(gateway, token)?;
    let (grant, now) = (claims.grant, gateway.now());
    let found = gateway.store.read(move |db| login_grant_get(db, grant, now)).await?;
    let ended = || Fault::new(ErrorCode::InvalidToken, "what the access token came from has ended");
    let (grant, merchant) = found.ok_or_else(ended)?;
    let scopes: Scopes = claims.scope.parse().map_err(|_| ended())?;
    let sub = pairwise_subject(&gateway.keys.pairwise, merchant, grant.account);
    Ok(Identity::new(sub, scopes.within(grant.scopes), &gateway.issuer))
}

/// Ends what a token of this client came from (RFC 7009). A token that is nobody's, or another client's, ends nothing, and
/// nobody is told which it was.
pub async fn revoke(gateway: &Gateway, client: &LoginClient, token: &str) -> Result<(), Fault> {
    let own = |claims: &access::Claims| claims.client_id == client.id;
    let grant = access::check(gateway, token).ok().filter(own).map(|claims| claims.grant);
    let (hash, client): (_, LoginClientId) = (refresh_hash(gateway, token), client.id);
    let ended = gateway.store.write(move |db| {
        let grant = match grant {
            Some(grant) => Some(grant),
            None => login_grant_of_refresh(db, &hash, client)?,
        };
        grant.map_or(Ok(()), |grant| login_grant_end(db, grant))
    });
    Ok(ended.await?)
}
