//! Signing in, staying signed in, signing out, and showing the PIN again for a large payment.

use std::net::IpAddr;

use jiff::SignedDuration;
use purser_core::{
    Timestamp,
    ids::{AccountId, SessionId},
    secret::{KeyedHash, SecretBytes, SecretText, keyed_hash},
};
use purser_money::Money;
use purser_store::{
    Connection, StoreError,
    facts::{
        identity::{Identity, identity_find, identity_get, identity_hold},
        passkey::{PasskeyOwner, PasskeyRow, passkey_list},
        session::{
            PIN_FAILURES_MAX, Refresh, RefreshToken, Session, session_end, session_end_all,
            session_get, session_insert, session_pin_failed, session_pin_passed, session_refresh,
        },
    },
};

pub use super::token::TokenCache;
use super::{
    browser::Origin,
    intent::Payer,
    login::{LoginSalt, Remembered},
    throttle::{Judging, LoginAttempt},
    token::{self, SealedSalt},
};
use crate::{
    clock::later,
    gateway::Gateway,
    keys::random_text,
    problem::{self, Problem},
    random::id_bits,
};

/// Somebody who has not been here for a month signs in again.
const REFRESH_HOURS: i64 = 30 * 24;
/// And everybody after a quarter of a year.
const SESSION_HOURS: i64 = 90 * 24;
const REFRESH_PREFIX: &str = "rt_";
/// A refresh token of ours has some 150 bytes.
const REFRESH_BYTES_MAX: usize = 512;

/// What a client shows from now on.
pub struct Tokens {
    /// Shown with each request, for a few minutes.
    pub access: SecretText,
    /// Exchanged once for new tokens.
    pub refresh: SecretText,
}

/// What somebody signs in with.
pub struct Login<'a> {
    /// The e-mail, as it was typed.
    pub email: &'a str,
    /// The PIN, as it was typed.
    pub pin: &'a str,
    /// The password, as it was typed.
    pub password: &'a str,
}

/// Credentials that were found to be an account's.
pub(super) struct Known {
    /// Whose.
    pub account: AccountId,
    /// The salt of the login.
    pub salt: LoginSalt,
    /// What the account was found by.
    pub lookup: [u8; 32],
    /// The guess that it was.
    pub attempt: LoginAttempt,
    /// The passkeys of which one is to be shown, too.
    pub passkeys: Vec<PasskeyRow>,
}

/// What somebody showed to be let in.
pub(super) struct Proven {
    /// The account.
    pub account: AccountId,
    /// What it was found by.
    pub lookup: [u8; 32],
    /// Whether a passkey was shown, too.
    pub with_passkey: bool,
}

/// Signs in. Every failure looks alike and costs alike.
pub async fn sign_in(
    gateway: &Gateway,
    login: &Login<'_>,
    address: IpAddr,
) -> Result<Tokens, Problem> {
    let known = known(gateway, login, Origin::direct(address)).await?;
    if !known.passkeys.is_empty() {
        // The guess was right, and as dear as a sign-in.
        let now = gateway.now();
        gateway.store.write(move |db| known.attempt.signed_in(db, now)).await?;
        return Err(Problem::new(problem::PASSKEY_NEEDED));
    }
    let (account, sealed) = (known.account, SealedSalt::seal(gateway, known.account, &known.salt));
    let (refresh, kept) = refresh_token_of(gateway, &sealed, gateway.now());
    let keep = move |db: &mut Connection, new: &Session| session_insert(db, new, &kept);
    let session = known.begin(gateway, SESSION_HOURS, keep).await?;
    let access = token::issue(gateway, account, session.id, sealed, session.created_at)?;
    Ok(Tokens { access, refresh })
}

/// Whose credentials these are.
pub(super) async fn known(
    gateway: &Gateway,
    login: &Login<'_>,
    origin: Origin,
) -> Result<Known, Problem> {
    let salt = LoginSalt::new(&gateway.keys.login, login.email);
    let attempt = LoginAttempt::begin(gateway, &salt, origin).await?;
    let claim = Remembered::claimed(login.pin, login.password);
    let lookup = gateway.logins.lookup(&gateway.keys, &salt, &claim).await?;
    let found = gateway.store.read(move |db| {
        let Some(Identity { account, .. }) = identity_find(db, &lookup)? else { return Ok(None) };
        Ok(Some((account, passkey_list(db, PasskeyOwner::Account(account))?)))
    });
    match found.await? {
        Some((account, passkeys)) => Ok(Known { account, salt, lookup, attempt, passkeys }),
        None => {
            attempt.failed(gateway).await?;
            Err(Problem::new(problem::WRONG_CREDENTIALS))
        }
    }
}

/// Exchanges a refresh token. One that was exchanged before was copied by somebody: it ends the session.
pub async fn refresh(gateway: &Gateway, refresh_token: &str) -> Result<Tokens, Problem> {
    let refused = || {
        Problem::new(problem::NOT_AUTHENTICATED)
            .detail("the refresh token is wrong, used or expired")
    };
    let sealed = sealed_in(refresh_token).ok_or_else(refused)?;
    let now = gateway.now();
    let old = refresh_hash(gateway, refresh_token);
    let (new, kept) = refresh_token_of(gateway, &sealed, now);
    match gateway.store.write(move |db| session_refresh(db, &old, &kept, now)).await? {
        Refresh::Rotated(Session { id, account, .. }) => {
            Ok(Tokens { access: token::issue(gateway, account, id, sealed, now)?, refresh: new })
        }
        Refresh::Reused(session) => {
            tracing::warn!(session.id = %session, "a used refresh token came again; its session has ended");
            Err(refused())
        }
        Refresh::Unknown => Err(refused()),
    }
}

/// Signs out: the session's tokens stop working at once.
pub async fn sign_out(gateway: &Gateway, session: SessionId) -> Result<(), Problem> {
    gateway.store.write(move |db| session_end(db, session)).await?;
    Ok(())
}

/// Signs out everywhere: every session of the account ends, and what shops were granted in them.
pub async fn sign_out_everywhere(gateway: &Gateway, account: AccountId) -> Result<(), Problem> {
    let now = gateway.now();
    Ok(gateway.store.write(move |db| session_end_all(db, account, now)).await?)
}

/// Whether the PIN is asked for before so much is paid.
pub fn needs_pin(gateway: &Gateway, total: Money) -> bool {
    gateway.settings.step_up_limit.is_some_and(|limit| total.minor() > limit.minor())
}

/// Asks for the PIN above the step-up limit. Five wrong ones in a row end the session.
pub async fn step_up(
    gateway: &Gateway,
    payer: &Payer,
    pin: Option<&str>,
    total: Money,
) -> Result<(), Problem> {
    if !needs_pin(gateway, total) {
        return Ok(());
    }
    let pin = pin.ok_or_else(|| Problem::new(problem::PIN_REQUIRED).field("pin"))?;
    check_pin(gateway, payer.account, payer.session, pin).await
}

async fn check_pin(
    gateway: &Gateway,
    account: AccountId,
    session: SessionId,
    pin: &str,
) -> Result<(), Problem> {
    let refused = |detail| Problem::new(problem::PIN_REQUIRED).field("pin").detail(detail);
    let judging = Judging::pin(gateway, account);
    let now = gateway.now();
    let read = gateway
        .store
        .read(move |db| Ok((session_get(db, session, now)?, identity_get(db, account)?)));
    let (Some(row), Some(identity)) = read.await? else {
        return Err(Problem::new(problem::NOT_AUTHENTICATED));
    };
    let others: u32 = judging.others.iter().sum();
    if row.pin_failures.saturating_add(others) >= PIN_FAILURES_MAX {
        return Err(refused("other PINs of this account are being checked; try again in a moment"));
    }
    let verifier = gateway.logins.pin_shown(&gateway.keys, account, pin).await?;
    if SecretBytes::new(verifier.to_vec()) == SecretBytes::new(identity.pin_verifier) {
        if row.pin_failures > 0 {
            gateway.store.write(move |db| session_pin_passed(db, session)).await?;
        }
        return Ok(());
    }
    gateway.store.write(move |db| session_pin_failed(db, session)).await?;
    Err(refused("that PIN is not right"))
}

impl Known {
    /// Begins a session of so many hours, unless the credentials were changed meanwhile. What its client shows from now
    /// on is kept in the same transaction.
    pub(super) async fn begin(
        self,
        gateway: &Gateway,
        hours: i64,
        keep: impl FnOnce(&mut Connection, &Session) -> Result<(), StoreError> + Send + 'static,
    ) -> Result<Session, Problem> {
        let Self { account, lookup, attempt, .. } = self;
        let keep = move |db: &mut Connection, session: &Session| {
            attempt.signed_in(db, session.created_at)?;
            keep(db, session)
        };
        let proven = Proven { account, lookup, with_passkey: false };
        begin(gateway, proven, hours, keep).await
    }
}

/// Begins a session of so many hours, unless what was shown is not enough any more.
pub(super) async fn begin(
    gateway: &Gateway,
    Proven { account, lookup, with_passkey }: Proven,
    hours: i64,
    keep: impl FnOnce(&mut Connection, &Session) -> Result<(), StoreError> + Send + 'static,
) -> Result<Session, Problem> {
    let now = gateway.now();
    let session = Session {
        id: SessionId::from_random(id_bits()),
        account,
        created_at: now,
        expires_at: later(now, SignedDuration::from_hours(hours)),
        pin_failures: 0,
    };
    let begun = gateway.store.write(move |db| {
        if !identity_hold(db, account, &lookup)? {
            return Ok(false);
        }
        // The first one may have been made since the credentials were looked up.
        if !with_passkey && !passkey_list(db, PasskeyOwner::Account(account))?.is_empty() {
            return Ok(false);
        }
        keep(db, &session)?;
        Ok(true)
    });
    if begun.await? { Ok(session) } else { Err(Problem::new(problem::WRONG_CREDENTIALS)) }
}

/// A new refresh token, and what is kept of it.
fn refresh_token_of(
    gateway: &Gateway,
    sealed: &SealedSalt,
    now: Timestamp,
) -> (SecretText, RefreshToken) {
    let token = random_text(&format!("{REFRESH_PREFIX}{}.", sealed.as_str()));
    let hash = refresh_hash(gateway, token.expose());
    (
        token,
        RefreshToken { hash, expires_at: later(now, SignedDuration::from_hours(REFRESH_HOURS)) },
    )
}

fn refresh_hash(gateway: &Gateway, token: &str) -> KeyedHash {
    keyed_hash(&gateway.keys.hash, "refresh token", token.as_bytes())
}

/// The salt that a refresh token carries. It is believed once the whole token is found.
fn sealed_in(token: &str) -> Option<SealedSalt> {
    let token = Some(token).filter(|token| token.len() <= REFRESH_BYTES_MAX)?;
    let (sealed, _) = token.strip_prefix(REFRESH_PREFIX)?.split_once('.')?;
    Some(SealedSalt::from_genuine(sealed))
}
