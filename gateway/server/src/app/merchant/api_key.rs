//! A merchant's keys for the API.

use purser_core::{
    Timestamp,
    ids::{KeyId, MerchantId},
    secret::SecretText,
};
use purser_store::facts::api_key::{ApiKey, KeyOwner, api_key_insert, api_key_list};

use super::{KEYS_MAX, too_many};
use crate::{
    app::throttle::{Budget, attempt},
    gateway::Gateway,
    problem::Problem,
    random::id_bits,
};

/// What a key of a merchant may be allowed.
pub const SCOPES: [&str; 7] =
    ["offers", "sales:read", "sales:refund", "webhooks", "payouts:read", "stamps:scan", "keys"];

/// The member of a problem that says when the key ends that was to be outlived.
pub const KEY_EXPIRES_AT: &str = "key_expires_at";

/// The key that makes another. What it makes does not outlive it: else whoever finds one that ends keeps the merchant.
#[derive(Debug, Clone, Copy)]
pub struct Maker {
    /// Whose key it is.
    pub owner: MerchantId,
    /// When it ends, if ever.
    pub expires_at: Option<Timestamp>,
}

impl Maker {
    fn check_end(&self, now: Timestamp, end: Option<Timestamp>) -> Result<(), Problem> {
        if end.is_some_and(|end| end <= now) {
            return Err(Problem::malformed("expires_at", "a time to come"));
        }
        match self.expires_at {
            Some(own) if end.is_none_or(|end| end > own) => {
                let detail = format!(
                    "no later than {own}, when the key ends that makes it; for a longer life use one that does not end"
                );
                Err(Problem::malformed("expires_at", detail).with(KEY_EXPIRES_AT, own.to_string()))
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// Makes a key for the API. Its text is shown once. Keys for the API are looked up at each call: they are no facts.
pub async fn api_key_add(
    gateway: &Gateway,
    maker: Maker,
    scopes: Vec<String>,
    expires_at: Option<Timestamp>,
) -> Result<(ApiKey, SecretText), Problem> {
    maker.check_end(gateway.now(), expires_at)?;
    let owner = maker.owner;
    let (text, hash) = gateway.keys.new_merchant_key();
    let key = new(gateway, owner, scopes, expires_at);
    let row = key.clone();
    let (changes, now) = (Budget::key_changes_of(gateway, owner), gateway.now());
    let _attempt = attempt(gateway, vec![changes]).await?;
    let stored = gateway.store.write(move |db| {
        // First, so that of two at once the second waits here, and sees the key of the first.
        changes.count(db, now)?;
        if api_key_list(db, row.owner)?.len() >= KEYS_MAX {
            return Ok(false);
        }
        api_key_insert(db, &row, &hash)?;
        Ok(true)
    });
    if stored.await? { Ok((key, text)) } else { Err(too_many()) }
}

pub(super) fn new(
    gateway: &Gateway,
    owner: MerchantId,
    scopes: Vec<String>,
    expires_at: Option<Timestamp>,
) -> ApiKey {
    ApiKey {
        id: KeyId::from_random(id_bits()),
        owner: KeyOwner::Merchant(owner),
        scopes,
        created_at: gateway.now(),
        expires_at,
    }
}

/// Scopes that there are, each once, in the order of the list.
pub fn scopes(asked: &[String]) -> Result<Vec<String>, Problem> {
    if asked.is_empty() || asked.len() > SCOPES.len() {
        return Err(Problem::malformed("scopes", format!("1 to {} scopes", SCOPES.len())));
    }
    if let Some(index) = asked.iter().position(|scope| !SCOPES.contains(&scope.as_str())) {
        return Err(Problem::malformed(
            format!("scopes[{index}]"),
            format!("one of {}", SCOPES.join(", ")),
        ));
    }
    let known = SCOPES.iter().filter(|scope| asked.iter().any(|asked| asked == *scope));
    Ok(known.map(|scope| (*scope).to_owned()).collect())
}

#[cfg(test)]
mod tests {
    #[test]
    fn scopes_are_known_and_named_once() {
        let scopes = |asked: &[&str]| {
            super::scopes(&asked.iter().map(|scope| (*scope).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(scopes(&["keys", "offers", "keys"]).unwrap(), ["offers", "keys"]);
        assert_eq!(scopes(&["offers", "root"]).unwrap_err().field.as_deref(), Some("scopes[1]"));
        assert!(scopes(&[]).is_err());
    }
}
