//! Opening an account. It succeeds and so tells nothing: the same e-mail, PIN and password again are the same account,
//! anything else is another one. Only whoever has all three of an account that asks for a passkey, too, is told so.

use std::net::IpAddr;

use purser_core::{
    card::code::{CardSerial, RecoveryCode},
    ids::AccountId,
    place::Place,
    secret::SecretText,
    vault::VaultView,
};
use purser_store::{
    Connection, StoreError,
    facts::{
        identity::{
            NewCredentials, NewIdentity, RecoveryChange, SignUp, identity_credentials_set,
            identity_find, identity_insert, identity_lock,
        },
        passkey::{PasskeyOwner, passkey_list},
    },
    read::vault::vault_view,
};

use super::{
    login::{LoginSalt, Remembered},
    throttle::{Budget, attempt},
};
use crate::{
    gateway::Gateway,
    place::place,
    problem::{self, Problem},
    random::{self, id_bits},
};

/// Checked input of a sign-up.
pub struct NewAccount {
    salt: LoginSalt,
    claim: Remembered,
    country: Option<Place>,
}

/// An account that its owner can use now.
pub struct Opened {
    /// Its vault.
    pub vault: VaultView,
    /// The only way back if PIN or password are lost. It is shown here and never again.
    pub recovery_code: SecretText,
}

impl NewAccount {
    /// Checks what was typed.
    pub fn parse(
        gateway: &Gateway,
        email: &str,
        pin: &str,
        password: &str,
        country: Option<&str>,
    ) -> Result<Self, Problem> {
        Ok(Self {
            salt: LoginSalt::for_new_account(&gateway.keys.login, email)?,
            claim: Remembered::chosen(("pin", pin), ("password", password))?,
            country: country.map(|text| place(text, "country")).transpose()?,
        })
    }
}

/// Opens the account, or finds it again. Every sign-up makes a new recovery code: whoever lost the old one, but knows
/// the rest, gets another, but where a passkey is to be shown, too.
pub async fn sign_up(
    gateway: &Gateway,
    new: NewAccount,
    address: IpAddr,
) -> Result<Opened, Problem> {
    let sign_ups = Budget::sign_ups_from(gateway, address);
    let guesses = Budget::guesses(gateway, &new.salt, address);
    let [here, everywhere] = guesses;
    let _attempt = attempt(gateway, vec![sign_ups, here, everywhere]).await?;
    let account = AccountId::from_random(id_bits());
    let lookup = gateway.logins.lookup(&gateway.keys, &new.salt, &new.claim).await?;
    let pin_verifier = gateway.logins.pin_verifier(&gateway.keys, account, new.claim.pin()).await?;
    let recovery = RecoveryCode::from_random(random::bytes());
    let recovery_hash = recovery.hash(&gateway.keys.hash);
    // Read back by people and typed by others, like a card's number, and like it with a check symbol.
    let handle = CardSerial::from_random(u64::from_be_bytes(random::bytes())).to_string();
    let (now, country) = (gateway.now(), new.country);
    let opened = gateway.store.write(move |db| {
        sign_ups.count(db, now)?;
        let new = NewIdentity {
            account,
            handle: &handle,
            lookup: &lookup,
            pin_verifier: &pin_verifier,
            recovery_hash,
            country,
            created_at: now,
        };
        match identity_insert(db, &new)? {
            SignUp::New => {
                // Who tries credentials by signing up with them has failed just as at the login.
                guesses.iter().try_for_each(|budget| budget.count(db, now))?;
                Ok(Some(account))
            }
            SignUp::Known(known) => {
                let there = identity_lock(db, known)?;
                // A new recovery code would be a way around it.
                if !there || !passkey_list(db, PasskeyOwner::Account(known))?.is_empty() {
                    return Ok(None);
                }
                recovery_replace(db, &new)?;
                Ok(Some(known))
            }
        }
    });
    let account = opened.await?.ok_or_else(|| Problem::new(problem::PASSKEY_NEEDED))?;
    let facts = gateway.facts.at(gateway.store.facts_version_recent().await?);
    let policy = facts.refund_policy(gateway).await?;
    let vault = gateway.store.read(move |db| vault_view(db, account, &policy, now)).await?;
    let vault = vault.ok_or_else(|| Problem::internal("an account has no vault"))?;
    Ok(Opened { vault, recovery_code: recovery.reveal() })
}

fn recovery_replace(db: &mut Connection, new: &NewIdentity<'_>) -> Result<(), StoreError> {
    let Some(known) = identity_find(db, new.lookup)? else { return Ok(()) };
    let same = NewCredentials {
        lookup: new.lookup,
        pin_verifier: &known.pin_verifier,
        recovery: RecoveryChange::New(new.recovery_hash),
    };
    identity_credentials_set(db, known.account, &same).map(drop)
}
