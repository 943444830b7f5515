//! The keys that ID tokens are signed with: that of receipts, and one of RSA for software that knows nothing else.
//!
//! The RSA key is made when the first client asks for it, and kept encrypted in the database, so that all processes of a
//! gateway sign with the same.

use std::sync::Arc;

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rsa::{KeyPair, KeySize},
};
use purser_core::{
    jws::{JwkSet, RsaKey},
    login::client::IdTokenAlg,
};
use purser_store::facts::login_key::{login_key_get, login_key_settle};
use tokio::{sync::OnceCell, task::spawn_blocking};
use zeroize::Zeroizing;

use crate::{gateway::Gateway, problem::Problem};

/// What the key is encrypted for.
const PURPOSE: &str = "RSA key of ID tokens";

/// The RSA key, once this process has needed it.
#[derive(Default)]
pub struct LoginKeys(OnceCell<Arc<RsaKey>>);

/// The RSA key. It is made if there is none.
pub async fn rs256(gateway: &Gateway) -> Result<Arc<RsaKey>, Problem> {
    if let Some(key) = rs256_if_any(gateway).await? {
        return Ok(key);
    }
    let made = || async {
        let der = spawn_blocking(generate).await.map_err(Problem::internal)??;
        let (secret, now) = (gateway.keys.wrap(PURPOSE, &der), gateway.now());
        let settle = move |db: &mut _| login_key_settle(db, IdTokenAlg::Rs256, secret, now);
        open(gateway, &gateway.store.write(settle).await?)
    };
    gateway.login_keys.0.get_or_try_init(made).await.map(Arc::clone)
}

/// The RSA key, if one was made, by whichever process.
pub async fn rs256_if_any(gateway: &Gateway) -> Result<Option<Arc<RsaKey>>, Problem> {
    if let Some(key) = gateway.login_keys.0.get() {
        return Ok(Some(Arc::clone(key)));
    }
    let kept = gateway.store.read(|db| login_key_get(db, IdTokenAlg::Rs256)).await?;
    let Some(kept) = kept else { return Ok(None) };
    let key = gateway.login_keys.0.get_or_try_init(|| async { open(gateway, &kept) }).await?;
    Ok(Some(Arc::clone(key)))
}

/// What `/.well-known/jwks.json` publishes.
pub async fn jwks(gateway: &Gateway) -> Result<JwkSet, Problem> {
    let mut set = gateway.keys.ring.jwks();
    set.keys.extend(rs256_if_any(gateway).await?.map(|key| key.jwk()));
    Ok(set)
}

/// 2048 bits, as NIST SP 800-57 has them until 2030; an ID token lives for minutes.
fn generate() -> Result<Zeroizing<Vec<u8>>, Problem> {
    let key = KeyPair::generate(KeySize::Rsa2048).map_err(Problem::internal)?;
    let der: Pkcs8V1Der<'_> = key.as_der().map_err(Problem::internal)?;
    Ok(Zeroizing::new(der.as_ref().to_vec()))
}

fn open(gateway: &Gateway, kept: &[u8]) -> Result<Arc<RsaKey>, Problem> {
    let der = Zeroizing::new(gateway.keys.unwrap(PURPOSE, kept).map_err(Problem::internal)?);
    RsaKey::from_pkcs8(&der).map(Arc::new).map_err(Problem::internal)
}
