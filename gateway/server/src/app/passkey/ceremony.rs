//! Challenges: given to one browser, answered once, and over after a while.

use jiff::SignedDuration;
use purser_core::{
    Timestamp,
    ids::AccountId,
    secret::{KeyedHash, keyed_hash_of},
};
use purser_store::facts::passkey::{passkey_ceremony_insert, passkey_ceremony_take};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use webauthn_rs::prelude::{
    DiscoverableAuthentication, PasskeyAuthentication, PasskeyRegistration, Uuid,
};

use super::{Challenge, refused};
use crate::{
    app::token::SealedSalt, clock::later, gateway::Gateway, keys::random_text, problem::Problem,
};

/// As long as the library gives people to find their authenticator.
const MINUTES: i64 = 5;

/// What an answer is for: a challenge for one thing is none for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    New,
    SignIn,
    Desk,
}

/// What is remembered of a challenge.
#[derive(Serialize, Deserialize)]
pub(super) enum Ceremony {
    /// Somebody who is signed in makes a passkey.
    New { name: String, handle: Uuid, state: PasskeyRegistration },
    /// A buyer showed the right credentials, and now one of the account's passkeys.
    SignIn { account: AccountId, lookup: [u8; 32], salt: SealedSalt, state: PasskeyAuthentication },
    /// Somebody opens a desk, with whichever passkey the authenticator has.
    Desk { state: DiscoverableAuthentication },
}

impl Ceremony {
    const fn purpose(&self) -> Purpose {
        match self {
            Self::New { .. } => Purpose::New,
            Self::SignIn { .. } => Purpose::SignIn,
            Self::Desk { .. } => Purpose::Desk,
        }
    }
}

/// A challenge that is to be kept.
pub(super) struct Kept {
    hash: KeyedHash,
    state: String,
    expires_at: Timestamp,
}

impl Kept {
    /// A challenge, and what is kept of it.
    pub(super) fn new(
        gateway: &Gateway,
        browser: &str,
        ceremony: &Ceremony,
        options: &Value,
    ) -> Result<(Challenge, Self), Problem> {
        let random = random_text("");
        let kept = Self {
            hash: hash(gateway, browser, ceremony.purpose(), random.expose()),
            state: serde_json::to_string(ceremony).map_err(Problem::internal)?,
            expires_at: later(gateway.now(), SignedDuration::from_mins(MINUTES)),
        };
        Ok((Challenge { ceremony: random, options: options.to_string() }, kept))
    }

    /// Keeps it.
    pub(super) fn insert(
        &self,
        db: &mut purser_store::Connection,
    ) -> Result<(), purser_store::StoreError> {
        passkey_ceremony_insert(db, &self.hash, &self.state, self.expires_at)
    }
}

/// Gives a browser a challenge.
pub(super) async fn begin(
    gateway: &Gateway,
    browser: &str,
    ceremony: &Ceremony,
    options: &Value,
) -> Result<Challenge, Problem> {
    let (challenge, kept) = Kept::new(gateway, browser, ceremony, options)?;
    gateway.store.write(move |db| kept.insert(db)).await?;
    Ok(challenge)
}

/// The challenge that a browser answers now.
pub(super) async fn take(
    gateway: &Gateway,
    browser: &str,
    purpose: Purpose,
    random: &str,
) -> Result<Ceremony, Problem> {
    let (hash, now) = (hash(gateway, browser, purpose, random), gateway.now());
    let taken = gateway.store.write(move |db| passkey_ceremony_take(db, &hash, now)).await?;
    serde_json::from_str(&taken.ok_or_else(refused)?).map_err(Problem::internal)
}

fn hash(gateway: &Gateway, browser: &str, purpose: Purpose, random: &str) -> KeyedHash {
    let label = match purpose {
        Purpose::New => "a new passkey",
        Purpose::SignIn => "a passkey at the sign-in",
        Purpose::Desk => "a passkey at a desk",
    };
    keyed_hash_of(&gateway.keys.hash, label, &[browser.as_bytes(), random.as_bytes()])
}
