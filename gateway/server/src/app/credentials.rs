//! Changing PIN and password, with the old ones or with the recovery code, and showing them again before something
//! that cannot be undone.
//!
//! A change ends every session of the account at once, that of whoever asks too: nothing that was opened with the old
//! credentials lives on.

use std::net::IpAddr;

use purser_core::{card::code::RecoveryCode, ids::AccountId, secret::SecretText};
use purser_store::{
    StoreError,
    facts::{
        identity::{
            NewCredentials, RecoveryChange, identity_credentials_set, identity_find,
            identity_find_by_recovery,
        },
        passkey::passkeys_of_account_delete,
        session::session_end_all,
    },
};

use super::{
    browser::Origin,
    login::{LoginSalt, Remembered},
    throttle::{Budget, LoginAttempt, attempt},
    token::Access,
};
use crate::{
    gateway::Gateway,
    problem::{self, Problem},
    random,
};

/// What somebody who is signed in wants to change.
pub struct Change<'a> {
    /// The PIN until now.
    pub pin: &'a str,
    /// The password until now.
    pub password: &'a str,
    /// The PIN from now on, if it changes.
    pub new_pin: Option<&'a str>,
    /// The password from now on, if it changes.
    pub new_password: Option<&'a str>,
}

/// What somebody who lost PIN or password shows and chooses.
pub struct Recovery<'a> {
    /// The code that was shown at the sign-up.
    pub code: &'a str,
    /// The e-mail to sign in with from now on.
    pub email: &'a str,
    /// The PIN from now on.
    pub new_pin: &'a str,
    /// The password from now on.
    pub new_password: &'a str,
}

/// Checks that whoever is signed in knows PIN and password, too.
pub async fn confirm(
    gateway: &Gateway,
    access: &Access,
    address: IpAddr,
    pin: &str,
    password: &str,
) -> Result<(), Problem> {
    confirmed(gateway, access, address, pin, password).await.map(drop)
}

async fn confirmed(
    gateway: &Gateway,
    access: &Access,
    address: IpAddr,
    pin: &str,
    password: &str,
) -> Result<(LoginAttempt, [u8; 32]), Problem> {
    let salt = access.login(gateway)?;
    let attempt = LoginAttempt::begin(gateway, &salt, Origin::direct(address)).await?;
    let lookup =
        gateway.logins.lookup(&gateway.keys, &salt, &Remembered::claimed(pin, password)).await?;
    let found = gateway.store.read(move |db| identity_find(db, &lookup)).await?;
    if found.is_some_and(|identity| identity.account == access.account) {
        return Ok((attempt, lookup));
    }
    attempt.failed(gateway).await?;
    Err(Problem::new(problem::WRONG_CREDENTIALS))
}

/// Changes PIN, password, both or neither. Every session ends.
pub async fn change(
    gateway: &Gateway,
    access: &Access,
    address: IpAddr,
    change: &Change<'_>,
) -> Result<(), Problem> {
    let pin = change.new_pin.map_or(("pin", change.pin), |pin| ("new_pin", pin));
    let password = change
        .new_password
        .map_or(("password", change.password), |password| ("new_password", password));
    let new = Remembered::chosen(pin, password);
    let (guess, lookup) = confirmed(gateway, access, address, change.pin, change.password).await?;
    let set = Set { account: access.account, salt: access.login(gateway)?, claim: new? };
    set.keep(gateway, guess, RecoveryChange::Kept { lookup }).await
}

/// Makes a new recovery code. The one before opens nothing any more.
pub async fn new_recovery_code(
    gateway: &Gateway,
    access: &Access,
    address: IpAddr,
    pin: &str,
    password: &str,
) -> Result<SecretText, Problem> {
    let (_, lookup) = confirmed(gateway, access, address, pin, password).await?;
    let code = RecoveryCode::from_random(random::bytes());
    let hash = code.hash(&gateway.keys.hash);
    let kept = gateway.store.write(move |db| {
        // What was shown is still good, or somebody has changed it meanwhile.
        let Some(known) = identity_find(db, &lookup)? else { return Ok(false) };
        let same = NewCredentials {
            lookup: &lookup,
            pin_verifier: &known.pin_verifier,
            recovery: RecoveryChange::New(hash),
        };
        identity_credentials_set(db, known.account, &same)
    });
    if kept.await? { Ok(code.reveal()) } else { Err(Problem::new(problem::NOT_AUTHENTICATED)) }
}

/// Opens an account again with its recovery code, which is used up by it, and gives a new one. The passkeys it had are
/// forgotten.
pub async fn recover(
    gateway: &Gateway,
    address: IpAddr,
    recovery: &Recovery<'_>,
) -> Result<SecretText, Problem> {
    let salt = LoginSalt::for_new_account(&gateway.keys.login, recovery.email)?;
    let claim =
        Remembered::chosen(("new_pin", recovery.new_pin), ("new_password", recovery.new_password))?;
    let guess = LoginAttempt::begin(gateway, &salt, Origin::direct(address)).await?;
    let hash = RecoveryCode::parse(recovery.code).ok().map(|code| code.hash(&gateway.keys.hash));
    let found = match hash {
        Some(hash) => gateway.store.read(move |db| identity_find_by_recovery(db, &hash)).await?,
        None => None,
    };
    let (Some(identity), Some(hash)) = (found, hash) else {
        guess.failed(gateway).await?;
        return Err(Problem::new(problem::WRONG_CREDENTIALS));
    };
    let recoveries = vec![Budget::recoveries_of(gateway, identity.account)];
    attempt(gateway, recoveries).await?.failed(gateway).await?;
    let next = RecoveryCode::from_random(random::bytes());
    let set = Set { account: identity.account, salt, claim };
    let exchange = RecoveryChange::Exchanged { old: hash, new: next.hash(&gateway.keys.hash) };
    set.keep(gateway, guess, exchange).await?;
    Ok(next.reveal())
}

/// Credentials that an account has from now on.
struct Set {
    account: AccountId,
    salt: LoginSalt,
    claim: Remembered,
}

impl Set {
    /// Keeps them, unless another account has them. That is told, so choosing credentials is a guess whose they are, and
    /// counts as a failed one however it ends.
    async fn keep(
        self,
        gateway: &Gateway,
        guess: LoginAttempt,
        recovery: RecoveryChange,
    ) -> Result<(), Problem> {
        guess.failed(gateway).await?;
        let Self { account, salt, claim } = self;
        let lookup = gateway.logins.lookup(&gateway.keys, &salt, &claim).await?;
        let pin_verifier = gateway.logins.pin_verifier(&gateway.keys, account, claim.pin()).await?;
        // Of two at the same moment, the second finds the code or the credentials that it showed used up.
        let gone = match recovery {
            RecoveryChange::Exchanged { .. } => problem::WRONG_CREDENTIALS,
            RecoveryChange::Kept { .. } | RecoveryChange::New(_) => problem::NOT_AUTHENTICATED,
        };
        // Who comes back with the code may have lost the passkeys with the rest.
        let lost = matches!(recovery, RecoveryChange::Exchanged { .. });
        let now = gateway.now();
        let kept = gateway.store.write(move |db| {
            let new = NewCredentials { lookup: &lookup, pin_verifier: &pin_verifier, recovery };
            let there = identity_credentials_set(db, account, &new)?;
            if there {
                session_end_all(db, account, now)?;
                if lost {
                    passkeys_of_account_delete(db, account)?;
                }
            }
            Ok(there)
        });
        match kept.await {
            Ok(true) => Ok(()),
            Ok(false) => Err(Problem::new(gone)),
            Err(error) => Err(taken(error)),
        }
    }
}

/// Another account is found by just these three already. Whoever chose them guessed them, and could sign in now.
fn taken(error: StoreError) -> Problem {
    if error.is_conflict() {
        return Problem::malformed("new_password", "choose another PIN or password");
    }
    error.into()
}
