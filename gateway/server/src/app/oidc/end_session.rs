//! A shop's buyer comes to sign out (OpenID Connect RP-Initiated Logout 1.0).
//!
//! Signing out ends the buyer's own session here. A shop that shows the ID token of just this buyer may ask for it
//! directly; otherwise the buyer is asked, so that no link on another site signs anybody out.

use purser_core::{
    ids::LoginClientId,
    login::{
        client::{LoginClient, RedirectUri},
        id_token::Hint,
        params::Params,
    },
    receipt::pairwise_subject,
};
use purser_store::facts::login_client::login_client_get;

use super::{
    elsewhere::{self, Elsewhere, Onward},
    key,
};
use crate::{app::intent::Payer, gateway::Gateway, problem::Problem};

/// What happens next.
pub enum Ending {
    /// The buyer is signed out, now or before, and goes there if the shop said where.
    SignOut(Option<String>),
    /// Nobody is signed in, and goes to the shop only if it wants to.
    Over(Elsewhere),
    /// The buyer is asked.
    Ask {
        /// What the shop is called, if it said which it is.
        shop: Option<String>,
        /// Where the buyer goes afterwards.
        back: Option<String>,
    },
}

/// What happens next to whoever is signed in.
pub async fn next(
    gateway: &Gateway,
    params: &Params,
    payer: Option<&Payer>,
) -> Result<Ending, Problem> {
    let once = |name| params.get(name).map_err(|error| Problem::malformed(name, error.to_string()));
    let hint = match once("id_token_hint")? {
        Some(token) => Some(hint(gateway, token).await?),
        None => None,
    };
    let client = client(gateway, once("client_id")?, hint.as_ref()).await?;
    let state = once("state")?;
    let back = match (once("post_logout_redirect_uri")?, &client) {
        (None, _) => None,
        (Some(uri), Some(client)) => Some((client, registered(client, uri)?)),
        (Some(_), None) => {
            let detail = "needs `id_token_hint` or `client_id`, to know whose it is";
            return Err(Problem::malformed("post_logout_redirect_uri", detail));
        }
    };
    let location = back
        .map(|(_, uri)| state.map_or_else(|| uri.with(&[]), |state| uri.with(&[("state", state)])));
    let Some(payer) = payer else { return over(gateway, back.zip(location)).await };
    let is_meant = |client: &LoginClient, hint: &Hint| {
        let own = pairwise_subject(&gateway.keys.pairwise, client.merchant, payer.account);
        hint.sub == own
    };
    if client.as_ref().zip(hint.as_ref()).is_some_and(|(client, hint)| is_meant(client, hint)) {
        return Ok(Ending::SignOut(location));
    }
    let shop = match &client {
        Some(client) => Some(elsewhere::merchant(gateway, client).await?.name),
        None => None,
    };
    Ok(Ending::Ask { shop, back: location })
}

/// Who is not signed in has agreed to nothing.
async fn over(
    gateway: &Gateway,
    back: Option<((&LoginClient, &RedirectUri), String)>,
) -> Result<Ending, Problem> {
    let Some(((client, uri), location)) = back else { return Ok(Ending::SignOut(None)) };
    Ok(match elsewhere::onward(gateway, client, uri, location).await? {
        Onward::Led(location) => Ending::SignOut(Some(location)),
        Onward::Asked(elsewhere) => Ending::Over(elsewhere),
    })
}

async fn hint(gateway: &Gateway, token: &str) -> Result<Hint, Problem> {
    let rsa = key::rs256_if_any(gateway).await?;
    let hint = Hint::read(token, &gateway.keys.ring, rsa.as_deref());
    let hint = hint.ok().filter(|hint| hint.iss == gateway.issuer);
    hint.ok_or_else(|| Problem::malformed("id_token_hint", "no ID token of this gateway"))
}

/// The client that says who it is, itself or by the token. If it says so twice, it says the same.
async fn client(
    gateway: &Gateway,
    said: Option<&str>,
    hint: Option<&Hint>,
) -> Result<Option<LoginClient>, Problem> {
    let token = hint.map(|hint| hint.aud.as_str());
    if said.is_some() && token.is_some() && said != token {
        return Err(Problem::malformed("client_id", "not the client of `id_token_hint`"));
    }
    let Some(id) = said.or(token) else { return Ok(None) };
    let unknown = || Problem::malformed("client_id", "no client of this gateway");
    let id: LoginClientId = id.parse().map_err(|_| unknown())?;
    let found = gateway.store.read(move |db| login_client_get(db, id)).await?;
    found.map(|(client, _)| Some(client)).ok_or_else(unknown)
}

fn registered<'c>(client: &'c LoginClient, uri: &str) -> Result<&'c RedirectUri, Problem> {
    let detail = "not exactly one of the addresses that the shop registered";
    let uri = client.post_logout_redirect_uri(uri);
    uri.ok_or_else(|| Problem::malformed("post_logout_redirect_uri", detail))
}
