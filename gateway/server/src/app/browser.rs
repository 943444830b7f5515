//! Signing in in a browser, and what its cookie opens from then on.
//!
//! A buyer's browser has a session like any other, so that signing out, new credentials and wrong PINs end it. The desk of
//! a merchant or an operator is opened with an API key and is as good as that key: it ends when the key is withdrawn, and
//! may do what the key may.

use std::net::IpAddr;

use jiff::SignedDuration;
use purser_core::{
    Timestamp,
    ids::{LoginClientId, MerchantId},
    secret::{KeyedHash, SecretText, keyed_hash},
};
use purser_store::{
    Connection, StoreError,
    facts::{
        api_key::{KeyOwner, api_key_find},
        browser::{
            BrowserSession, SignedIn, browser_buyer_find, browser_key_find, browser_session_delete,
            browser_session_insert,
        },
        login_client::login_client_get,
        session::{Session, session_end, session_insert_bare},
    },
};

use super::{
    intent::Payer,
    passkey::{self, Challenge},
    session::{self, Login, Proven, known},
    throttle::{Budget, attempt},
    token::{Access, SealedSalt},
};
use crate::{
    clock::later,
    gateway::Gateway,
    keys::random_text,
    problem::{self, Problem},
};

/// A wallet is closed after a day, whatever the browser does: whoever comes back signs in again.
const WALLET_HOURS: i64 = 24;
/// A working day.
const DESK_HOURS: i64 = 12;

/// Where somebody signs in from.
#[derive(Debug, Clone, Copy)]
pub struct Origin {
    /// The address.
    pub address: IpAddr,
    /// The merchant whose website asked for it, if one did.
    pub through: Option<MerchantId>,
}

/// Which desk a key opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeskKind {
    /// A merchant's.
    Merchant,
    /// The operator's.
    Operator,
}

/// How far a sign-in got.
pub enum SignIn {
    /// To its end: the cookie.
    Done(SecretText),
    /// A passkey is to be shown, too.
    Passkey(Challenge),
}

/// Who is at a desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Desk {
    /// A merchant.
    Merchant {
        /// Which.
        id: MerchantId,
        /// The keyed hash of the key that opened it.
        key: KeyedHash,
        /// What that key may be used for.
        scopes: Vec<String>,
        /// When its key ends, if ever.
        key_expires_at: Option<Timestamp>,
        /// The version of the facts that a command is prepared with.
        facts_version: i64,
    },
    /// An operator.
    Operator {
        /// The keyed hash of the key that opened it.
        key: KeyedHash,
        /// The version of the facts that a command is prepared with.
        facts_version: i64,
    },
}

impl Origin {
    /// Somebody who came to the gateway itself.
    pub const fn direct(address: IpAddr) -> Self {
        Self { address, through: None }
    }
}

/// Where somebody signs in from whom a login client sent, if there is such a client.
pub async fn origin_through(
    gateway: &Gateway,
    address: IpAddr,
    client: &str,
) -> Result<Origin, Problem> {
    let Ok(id) = client.parse::<LoginClientId>() else { return Ok(Origin::direct(address)) };
    let found = gateway.store.read(move |db| login_client_get(db, id)).await?;
    Ok(Origin { address, through: found.map(|(client, _)| client.merchant) })
}

/// Signs a buyer in who has the right credentials; `browser` is the cookie until now. Every failure looks alike and costs
/// alike.
pub async fn sign_in(
    gateway: &Gateway,
    browser: &str,
    login: &Login<'_>,
    origin: Origin,
) -> Result<SignIn, Problem> {
    let known = known(gateway, login, origin).await?;
    if !known.passkeys.is_empty() {
        return passkey::ask_buyer(gateway, browser, known).await.map(SignIn::Passkey);
    }
    let (cookie, keep) =
        new_cookie(gateway, &SealedSalt::seal(gateway, known.account, &known.salt));
    known.begin(gateway, WALLET_HOURS, keep).await?;
    Ok(SignIn::Done(cookie))
}

/// Signs in a buyer who has shown everything, and gives the cookie.
pub(super) async fn begin(
    gateway: &Gateway,
    proven: Proven,
    salt: &SealedSalt,
) -> Result<SecretText, Problem> {
    let (cookie, keep) = new_cookie(gateway, salt);
    session::begin(gateway, proven, WALLET_HOURS, keep).await?;
    Ok(cookie)
}

/// A buyer's cookie, and what keeps it with its session: a new one each time, so that nobody can have set it before.
fn new_cookie(
    gateway: &Gateway,
    salt: &SealedSalt,
) -> (SecretText, impl FnOnce(&mut Connection, &Session) -> Result<(), StoreError> + Send + 'static)
{
    let random = random_text("");
    let cookie = SecretText::new(format!("{}.{}", random.expose(), salt.as_str()));
    let hash = cookie_hash(gateway, cookie.expose());
    let keep = move |db: &mut Connection, session: &Session| {
        session_insert_bare(db, session)?;
        let browser = BrowserSession {
            hash,
            who: SignedIn::Buyer(session.id),
            created_at: session.created_at,
            expires_at: session.expires_at,
        };
        browser_session_insert(db, &browser)
    };
    (cookie, keep)
}

/// Opens a desk with an API key, and gives the cookie.
pub async fn open_desk(
    gateway: &Gateway,
    kind: DeskKind,
    key: &str,
    address: IpAddr,
) -> Result<SecretText, Problem> {
    let attempt = attempt(gateway, vec![Budget::desk_keys_from(gateway, address)]).await?;
    match open_desk_of(gateway, kind, gateway.keys.api_key_hash(key.trim())).await? {
        Some(cookie) => Ok(cookie),
        None => {
            attempt.failed(gateway).await?;
            Err(Problem::new(problem::WRONG_CREDENTIALS))
        }
    }
}

/// Checks that whoever is at a desk has the key that opened it, too.
pub async fn confirm_key(
    gateway: &Gateway,
    opened_with: KeyedHash,
    key: &str,
    address: IpAddr,
) -> Result<(), Problem> {
    let attempt = attempt(gateway, vec![Budget::desk_keys_from(gateway, address)]).await?;
    if gateway.keys.api_key_hash(key.trim()) == opened_with {
        return Ok(());
    }
    attempt.failed(gateway).await?;
    Err(Problem::new(problem::WRONG_CREDENTIALS))
}

/// Opens a desk for whoever has the key with this hash, and gives the cookie: none, if it is no key of such a desk.
pub(super) async fn open_desk_of(
    gateway: &Gateway,
    kind: DeskKind,
    key_hash: KeyedHash,
) -> Result<Option<SecretText>, Problem> {
    if owner(gateway, key_hash).await?.map(|(owner, ..)| DeskKind::of(owner)) != Some(kind) {
        return Ok(None);
    }
    let cookie = random_text("");
    let now = gateway.now();
    let row = BrowserSession {
        hash: cookie_hash(gateway, cookie.expose()),
        who: match kind {
            DeskKind::Merchant => SignedIn::Merchant(key_hash),
            DeskKind::Operator => SignedIn::Operator(key_hash),
        },
        created_at: now,
        expires_at: later(now, SignedDuration::from_hours(DESK_HOURS)),
    };
    gateway.store.write(move |db| browser_session_insert(db, &row)).await?;
    Ok(Some(cookie))
}

/// The buyer whose cookie this is, while its session lives.
pub async fn buyer(gateway: &Gateway, cookie: &str) -> Result<Option<(Payer, Access)>, Problem> {
    let Some((_, sealed)) = cookie.split_once('.') else { return Ok(None) };
    let (hash, now) = (cookie_hash(gateway, cookie), gateway.now());
    let found = gateway.store.read(move |db| browser_buyer_find(db, &hash, now)).await?;
    Ok(found.map(|found| {
        let payer = Payer {
            account: found.account,
            session: found.session,
            country: found.country,
            facts_version: found.facts_version,
        };
        // The whole cookie was found, so this part of it is as we made it.
        let sealed = SealedSalt::from_genuine(sealed);
        (payer, Access::of_browser(found.account, found.session, sealed))
    }))
}

/// Who is at the desk that a cookie opens, while its key is good.
pub async fn desk(gateway: &Gateway, cookie: &str) -> Result<Option<Desk>, Problem> {
    let (hash, now) = (cookie_hash(gateway, cookie), gateway.now());
    let key = gateway.store.read(move |db| browser_key_find(db, &hash, now)).await?;
    let Some(key) = key else { return Ok(None) };
    let Some((owner, scopes, key_expires_at)) = owner(gateway, key).await? else {
        return Ok(None);
    };
    let facts_version = gateway.store.facts_version_recent().await?;
    Ok(Some(match owner {
        KeyOwner::Merchant(id) => Desk::Merchant { id, key, scopes, key_expires_at, facts_version },
        KeyOwner::Operator => Desk::Operator { key, facts_version },
    }))
}

/// Signs out: the cookie opens nothing any more, and a buyer's session ends.
pub async fn sign_out(gateway: &Gateway, cookie: &str) -> Result<(), Problem> {
    let (hash, now) = (cookie_hash(gateway, cookie), gateway.now());
    let signed_out = gateway.store.write(move |db| {
        if let Some(buyer) = browser_buyer_find(db, &hash, now)? {
            session_end(db, buyer.session)?;
        }
        browser_session_delete(db, &hash)
    });
    Ok(signed_out.await?)
}

impl DeskKind {
    const fn of(owner: KeyOwner) -> Self {
        match owner {
            KeyOwner::Merchant(_) => Self::Merchant,
            KeyOwner::Operator => Self::Operator,
        }
    }
}

/// Whose key it is, what it may be used for and when it ends, if it is good.
async fn owner(
    gateway: &Gateway,
    key: KeyedHash,
) -> Result<Option<(KeyOwner, Vec<String>, Option<Timestamp>)>, Problem> {
    // Keyed hashes compare in constant time.
    if key == gateway.keys.operator_hash {
        return Ok(Some((KeyOwner::Operator, Vec::new(), None)));
    }
    let now = gateway.now();
    let found = gateway.store.read(move |db| api_key_find(db, &key, now)).await?;
    Ok(found.map(|key| (key.owner, key.scopes, key.expires_at)))
}

fn cookie_hash(gateway: &Gateway, cookie: &str) -> KeyedHash {
    keyed_hash(&gateway.keys.hash, "browser cookie", cookie.as_bytes())
}
