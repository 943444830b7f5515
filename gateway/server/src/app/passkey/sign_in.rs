//! Showing a passkey: a buyer beside the credentials, whoever opens a desk in the place of its key.

use std::net::IpAddr;

use purser_core::secret::SecretText;
use purser_store::facts::passkey::{PasskeyOwner, PasskeyRow, passkey_get, passkey_used};
use webauthn_rs::prelude::{AuthenticationResult, Passkey, PublicKeyCredential, WebauthnError};

use super::{
    Answer, Challenge,
    ceremony::{self, Ceremony, Kept, Purpose},
    not_accepted, public_key, refused, stored,
};
use crate::{
    app::{
        browser::{self, DeskKind},
        session::{Known, Proven},
        throttle::{Budget, attempt},
        token::SealedSalt,
    },
    gateway::Gateway,
    problem::Problem,
};

/// Asks a buyer who showed the right credentials for one of the account's passkeys, too.
pub(in crate::app) async fn ask_buyer(
    gateway: &Gateway,
    browser: &str,
    known: Known,
) -> Result<Challenge, Problem> {
    let passkeys: Vec<Passkey> = known.passkeys.iter().map(read).collect::<Result<_, _>>()?;
    let asked = gateway.passkeys.get()?.start_passkey_authentication(&passkeys);
    let (options, state) = asked.map_err(Problem::internal)?;
    let salt = SealedSalt::seal(gateway, known.account, &known.salt);
    let ceremony = Ceremony::SignIn { account: known.account, lookup: known.lookup, salt, state };
    let (challenge, kept) = Kept::new(gateway, browser, &ceremony, &public_key(&options)?)?;
    // The guess was right, and counts as a sign-in.
    let now = gateway.now();
    let keep = gateway.store.write(move |db| {
        known.attempt.signed_in(db, now)?;
        kept.insert(db)
    });
    keep.await?;
    Ok(challenge)
}

/// Signs in the buyer who answers, and gives the cookie.
pub async fn sign_in(
    gateway: &Gateway,
    browser: &str,
    Answer { ceremony, answer }: Answer<'_>,
) -> Result<SecretText, Problem> {
    let asked = ceremony::take(gateway, browser, Purpose::SignIn, ceremony).await?;
    let Ceremony::SignIn { account, lookup, salt, state } = asked else { return Err(refused()) };
    let answer: PublicKeyCredential = super::answered(answer)?;
    let proven = Proven { account, lookup, with_passkey: true };
    let shown = gateway.passkeys.get()?.finish_passkey_authentication(&answer, &state);
    let shown = shown.map_err(|error| not_accepted(&error))?;
    let row = found(gateway, shown.cred_id()).await?;
    if row.owner != PasskeyOwner::Account(account) {
        return Err(refused());
    }
    used(gateway, row, &shown).await?;
    browser::begin(gateway, proven, &salt).await
}

/// Asks whoever wants to open a desk for a passkey. All of it counts: each challenge is a row for some minutes.
pub async fn ask_at_desk(
    gateway: &Gateway,
    browser: &str,
    address: IpAddr,
) -> Result<Challenge, Problem> {
    let budget = vec![Budget::passkeys_asked_from(gateway, address)];
    attempt(gateway, budget).await?.failed(gateway).await?;
    let asked = gateway.passkeys.get()?.start_discoverable_authentication();
    let (options, state) = asked.map_err(Problem::internal)?;
    let mut options = public_key(&options)?;
    // An empty list means the same as none, but not to every client.
    if let Some(options) = options.as_object_mut() {
        options.remove("allowCredentials");
    }
    ceremony::begin(gateway, browser, &Ceremony::Desk { state }, &options).await
}

/// Opens the desk that a passkey stands for, and gives the cookie.
pub async fn open_desk(
    gateway: &Gateway,
    browser: &str,
    kind: DeskKind,
    Answer { ceremony, answer }: Answer<'_>,
) -> Result<SecretText, Problem> {
    let asked = ceremony::take(gateway, browser, Purpose::Desk, ceremony).await?;
    let Ceremony::Desk { state } = asked else { return Err(refused()) };
    let answer: PublicKeyCredential = super::answered(answer)?;
    let passkeys = gateway.passkeys.get()?;
    let identified = passkeys.identify_discoverable_authentication(&answer);
    let (handle, id) = identified.map_err(|error| not_accepted(&error))?;
    let row = found(gateway, id).await?;
    let PasskeyOwner::Key(key) = row.owner else { return Err(refused()) };
    if row.handle != handle.as_bytes() {
        return Err(refused());
    }
    let shown = passkeys.finish_discoverable_authentication_v2(&answer, state, read(&row)?);
    let shown = shown.map_err(|error| not_accepted(&error))?;
    used(gateway, row, &shown).await?;
    browser::open_desk_of(gateway, kind, key).await?.ok_or_else(refused)
}

async fn found(gateway: &Gateway, id: &[u8]) -> Result<PasskeyRow, Problem> {
    let id = id.to_vec();
    let row = gateway.store.read(move |db| passkey_get(db, &id)).await?;
    row.ok_or_else(refused)
}

fn read(row: &PasskeyRow) -> Result<Passkey, Problem> {
    serde_json::from_str(&row.credential).map_err(Problem::internal)
}

/// Remembers that a passkey was shown, and its counter: an authenticator that counts and is not ahead of what was counted is
/// a copy.
async fn used(
    gateway: &Gateway,
    row: PasskeyRow,
    shown: &AuthenticationResult,
) -> Result<(), Problem> {
    let mut passkey = read(&row)?;
    let changed = passkey.update_credential(shown).unwrap_or(false);
    if shown.counter() > 0 && !changed {
        return Err(not_accepted(&WebauthnError::CredentialPossibleCompromise));
    }
    let (credential, now) = (stored(&passkey)?, gateway.now());
    let kept = gateway.store.write(move |db| passkey_used(db, &row, &credential, now)).await?;
    if kept { Ok(()) } else { Err(refused()) }
}
