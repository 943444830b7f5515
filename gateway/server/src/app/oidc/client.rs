//! Shops as clients of the login: registered by their merchants, recognised by their secrets.

use purser_core::{
    ids::{LoginClientId, MerchantId},
    login::{
        client::{IdTokenAlg, LoginClient, Pkce, Reach, RedirectUri},
        error::ErrorCode,
    },
    secret::{KeyedHash, SecretText, keyed_hash},
};
use purser_store::facts::login_client::{
    login_client_delete, login_client_get, login_client_insert, login_client_list,
};

use super::{fault::Fault, key};
use crate::{
    app::throttle::{Budget, attempt},
    gateway::Gateway,
    keys::random_text,
    problem::Problem,
    random::id_bits,
};

/// A live shop, its copies for tests, and what is being built.
const CLIENTS_MAX: usize = 16;
/// A page each in a few languages.
const URIS_MAX: usize = 10;

/// A client as its merchant wants it.
pub struct Wish {
    /// What the merchant calls it.
    pub name: Option<String>,
    /// Where buyers go back to.
    pub redirect_uris: Vec<String>,
    /// Where they go when they have signed out.
    pub post_logout_redirect_uris: Vec<String>,
    /// Whether challenges are needed.
    pub pkce: Pkce,
    /// How its ID tokens are signed.
    pub id_token_alg: IdTokenAlg,
}

/// Registers a client. Its secret is shown once.
pub async fn register(
    gateway: &Gateway,
    merchant: MerchantId,
    wish: Wish,
) -> Result<(LoginClient, SecretText), Problem> {
    if wish.redirect_uris.is_empty() {
        return Err(Problem::malformed("redirect_uris", "at least one address"));
    }
    let client = LoginClient {
        id: LoginClientId::from_random(id_bits()),
        merchant,
        name: wish.name,
        redirect_uris: uris(gateway, &wish.redirect_uris, "redirect_uris")?,
        post_logout_redirect_uris: uris(
            gateway,
            &wish.post_logout_redirect_uris,
            "post_logout_redirect_uris",
        )?,
        pkce: wish.pkce,
        id_token_alg: wish.id_token_alg,
        created_at: gateway.now(),
    };
    let (changes, now) = (Budget::key_changes_of(gateway, merchant), gateway.now());
    let _attempt = attempt(gateway, vec![changes]).await?;
    match client.id_token_alg {
        // Published from now on, so that the client finds it before its first token.
        IdTokenAlg::Rs256 => drop(key::rs256(gateway).await?),
        IdTokenAlg::EdDsa => {}
    }
    let secret = random_text(if gateway.settings.sandbox { "cs_test_" } else { "cs_" });
    let (row, hash) = (client.clone(), secret_hash(gateway, secret.expose()));
    let stored = gateway.store.write(move |db| {
        // First, so that of two at once the second waits here, and sees the client of the first.
        changes.count(db, now)?;
        if login_client_list(db, merchant)?.len() >= CLIENTS_MAX {
            return Ok(false);
        }
        login_client_insert(db, &row, &hash)?;
        Ok(true)
    });
    if stored.await? {
        return Ok((client, secret));
    }
    let detail = format!("a merchant has at most {CLIENTS_MAX} login clients; delete one first");
    Err(Problem::malformed("", detail))
}

/// Withdraws a merchant's client: nobody logs in through it any more, and its tokens work no more. False if the merchant
/// has no such client.
pub async fn remove(
    gateway: &Gateway,
    merchant: MerchantId,
    id: LoginClientId,
) -> Result<bool, Problem> {
    let (changes, now) = (Budget::key_changes_of(gateway, merchant), gateway.now());
    let _attempt = attempt(gateway, vec![changes]).await?;
    let removed = gateway.store.write(move |db| {
        let there = login_client_delete(db, merchant, id)?;
        if there {
            changes.count(db, now)?;
        }
        Ok(there)
    });
    Ok(removed.await?)
}

/// The client with this id and secret. Every failure looks alike.
pub async fn authenticate(gateway: &Gateway, id: &str, secret: &str) -> Result<LoginClient, Fault> {
    let refused = || Fault::new(ErrorCode::InvalidClient, "no such client, or its secret is wrong");
    let id: LoginClientId = id.parse().map_err(|_| refused())?;
    let found = gateway.store.read(move |db| login_client_get(db, id)).await?;
    let (client, hash) = found.ok_or_else(refused)?;
    // Keyed hashes compare in constant time.
    if hash == secret_hash(gateway, secret) { Ok(client) } else { Err(refused()) }
}

fn secret_hash(gateway: &Gateway, secret: &str) -> KeyedHash {
    keyed_hash(&gateway.keys.hash, "secret of a login client", secret.as_bytes())
}

fn uris(gateway: &Gateway, asked: &[String], field: &str) -> Result<Vec<RedirectUri>, Problem> {
    if asked.len() > URIS_MAX {
        return Err(Problem::malformed(field, format!("at most {URIS_MAX} addresses")));
    }
    let reach = if gateway.settings.sandbox { Reach::Loopback } else { Reach::Internet };
    let read = |(index, text): (usize, &String)| {
        let refused = |error| Problem::malformed(format!("{field}[{index}]"), format!("{error}"));
        RedirectUri::parse(text, reach).map_err(refused)
    };
    asked.iter().enumerate().map(read).collect()
}
