//! Changing PIN and password, with the old ones or with the recovery code, and showing them again before something
//! that cannot be undone.
//!
//! A change ends every other session of the account at once.

use std::net::IpAddr;

use purser_core::{
    card::code::RecoveryCode,
    ids::{AccountId, SessionId},
    secret::SecretText,
};
use purser_store::{
    StoreError,
    facts::{
        identity::{
            NewCredentials, identity_credentials_set, identity_find, identity_find_by_recovery,
        },
        session::session_end_all,
    },
};

use super::{
    login::{LoginSalt, Remembered},
    throttle::{Budget, attempt},
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
    let salt = access.login(gateway)?;
    let budgets = vec![Budget::logins_with(gateway, &salt), Budget::logins_from(gateway, address)];
    let attempt = attempt(gateway, budgets).await?;
    let lookup =
        gateway.logins.lookup(&gateway.keys, &salt, &Remembered::claimed(pin, password)).await?;
    let found = gateway.store.read(move |db| identity_find(db, &lookup)).await?;
    if found.is_some_and(|identity| identity.account == access.account) {
        return Ok(());
    }
    attempt.failed(gateway).await?;
    Err(Problem::new(problem::WRONG_CREDENTIALS))
}

/// Changes PIN, password, both or neither. The session that asks lives on, every other one ends.
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
    confirm(gateway, access, address, change.pin, change.password).await?;
    let set = Set {
        account: access.account,
        salt: access.login(gateway)?,
        claim: new?,
        session: Some(access.session),
    };
    set.keep(gateway, None).await
}

/// Opens an account again with its recovery code, which is used up by it, and gives a new one.
pub async fn recover(
    gateway: &Gateway,
    address: IpAddr,
    recovery: &Recovery<'_>,
) -> Result<SecretText, Problem> {
    let salt = LoginSalt::for_new_account(&gateway.keys.login, recovery.email)?;
    let claim =
        Remembered::chosen(("new_pin", recovery.new_pin), ("new_password", recovery.new_password))?;
    let attempt = attempt(gateway, vec![Budget::logins_from(gateway, address)]).await?;
    let found = match RecoveryCode::parse(recovery.code) {
        Ok(code) => {
            let hash = code.hash(&gateway.keys.hash);
            gateway.store.read(move |db| identity_find_by_recovery(db, &hash)).await?
        }
        Err(_) => None,
    };
    let Some(identity) = found else {
        attempt.failed(gateway).await?;
        return Err(Problem::new(problem::WRONG_CREDENTIALS));
    };
    let next = RecoveryCode::from_random(random::bytes());
    let set = Set { account: identity.account, salt, claim, session: None };
    set.keep(gateway, Some(&next)).await?;
    Ok(next.reveal())
}

/// Credentials that an account has from now on.
struct Set {
    account: AccountId,
    salt: LoginSalt,
    claim: Remembered,
    /// The session that lives on.
    session: Option<SessionId>,
}

impl Set {
    async fn keep(self, gateway: &Gateway, recovery: Option<&RecoveryCode>) -> Result<(), Problem> {
        let Self { account, salt, claim, session } = self;
        let lookup = gateway.logins.lookup(&gateway.keys, &salt, &claim).await?;
        let pin_verifier = gateway.logins.pin_verifier(&gateway.keys, account, claim.pin()).await?;
        let recovery_hash = recovery.map(|code| code.hash(&gateway.keys.hash));
        let kept = gateway.store.write(move |db| {
            let new =
                NewCredentials { lookup: &lookup, pin_verifier: &pin_verifier, recovery_hash };
            let there = identity_credentials_set(db, account, &new)?;
            session_end_all(db, account, session)?;
            Ok(there)
        });
        match kept.await {
            Ok(true) => Ok(()),
            Ok(false) => Err(Problem::new(problem::NOT_AUTHENTICATED)),
            Err(error) => Err(taken(error)),
        }
    }
}

/// Another account is found by just these three already. Whoever chose them knows them, so this tells nothing new.
fn taken(error: StoreError) -> Problem {
    if error.is_conflict() {
        return Problem::malformed("new_password", "choose another PIN or password");
    }
    error.into()
}
