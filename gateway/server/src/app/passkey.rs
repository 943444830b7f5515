//! Passkeys ([WebAuthn level 3](https://www.w3.org/TR/webauthn-3/)): a further thing that a buyer shows when signing in, and
//! what opens a desk in the place of its key.
//!
//! A challenge is kept in the database until it is answered, under a hash of the browser that was given it: no other
//! browser answers it, nothing answers it twice, and another gateway on the same database may take the answer. Keys
//! are bound to the host of the gateway's address, so they are worth nothing to whoever imitates its pages.

mod ceremony;
mod sign_in;

use purser_core::{
    card::code::RecoveryCode,
    ids::SessionId,
    secret::{KeyedHash, SecretText},
};
use purser_store::{
    Connection, StoreError,
    facts::{
        identity::{identity_lock, identity_recovery_set},
        passkey::{PasskeyOwner, PasskeyRow, passkey_delete, passkey_insert, passkey_list},
        session::session_end_others,
    },
};
use serde_json::Value;
use url::{Host, Url};
use webauthn_rs::{
    Webauthn, WebauthnBuilder,
    prelude::{CredentialID, Passkey, RegisterPublicKeyCredential, Uuid, WebauthnError},
};

use self::ceremony::{Ceremony, Purpose};
pub(super) use self::sign_in::ask_buyer;
pub use self::sign_in::{ask_at_desk, open_desk, sign_in};
use super::throttle::{Budget, attempt};
use crate::{
    gateway::Gateway,
    http::body,
    problem::{self, Problem},
    random,
};

/// What authenticators call the gateway.
const RELYING_PARTY: &str = "Purser";
/// A phone, a laptop, a key on the ring and one in the safe, and as many old ones.
const PASSKEYS_MAX: usize = 8;
const NAME_CHARS_MAX: usize = 40;
/// An answer with a chain of certificates has some kilobytes.
const ANSWER_BYTES_MAX: usize = 16 * 1024;
/// The library keeps what was attested; each sign-in reads it.
const CREDENTIAL_BYTES_MAX: usize = 8 * 1024;
/// As many as WebAuthn allows.
const ID_BYTES_MAX: usize = 1023;

/// The gateway as authenticators know it: none, if its address has no name that keys could be bound to.
pub struct Passkeys(Option<Webauthn>);

/// What a browser hands to an authenticator.
pub struct Challenge {
    /// Comes back with the answer.
    pub ceremony: SecretText,
    /// `PublicKeyCredentialCreationOptionsJSON` or `PublicKeyCredentialRequestOptionsJSON`.
    pub options: String,
}

/// What an authenticator answered, as a form brings it.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// Which challenge.
    pub ceremony: &'a str,
    /// The JSON of a `PublicKeyCredential`.
    pub answer: &'a str,
}

impl Passkeys {
    /// Keys are bound to the host of the address under which the gateway is reached. The sandbox on this machine has
    /// none but `localhost`: an IP address is no name.
    pub fn of_issuer(issuer: &str) -> Self {
        Self(Self::relying_party(issuer))
    }

    /// Whether there are passkeys here.
    pub const fn are_offered(&self) -> bool {
        self.0.is_some()
    }

    fn relying_party(issuer: &str) -> Option<Webauthn> {
        let mut origin = Url::parse(issuer).ok()?;
        let local = match origin.host()? {
            Host::Domain(name) => name == "localhost",
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
        };
        if local {
            origin.set_host(Some("localhost")).ok()?;
        } else if origin.scheme() != "https" {
            return None;
        }
        let name = origin.domain()?.to_owned();
        WebauthnBuilder::new(&name, &origin).ok()?.rp_name(RELYING_PARTY).build().ok()
    }

    fn get(&self) -> Result<&Webauthn, Problem> {
        self.0.as_ref().ok_or_else(|| {
            Problem::new(problem::PASSKEY_REFUSED)
                .detail("the gateway's address has no name that a passkey could be bound to")
        })
    }
}

/// The passkeys of an owner, the oldest first.
pub async fn list(gateway: &Gateway, owner: PasskeyOwner) -> Result<Vec<PasskeyRow>, Problem> {
    Ok(gateway.store.read(move |db| passkey_list(db, owner)).await?)
}

/// Asks the browser of an owner for a new passkey, to be called by a name.
pub async fn ask_for_new(
    gateway: &Gateway,
    browser: &str,
    owner: PasskeyOwner,
    name: &str,
) -> Result<Challenge, Problem> {
    let name = body::text(name.trim(), 1..=NAME_CHARS_MAX, "passkey_name")?;
    // Each challenge is a row for some minutes.
    let budget = vec![Budget::new_passkeys_of(gateway, owner)];
    attempt(gateway, budget).await?.failed(gateway).await?;
    let known = list(gateway, owner).await?;
    if known.len() >= PASSKEYS_MAX {
        let detail = format!("there are {PASSKEYS_MAX} already; remove one first");
        return Err(Problem::malformed("passkey_name", detail));
    }
    let handle = Uuid::from_bytes(random::bytes());
    // An authenticator that has one of them says so, rather than have two.
    let known = known.into_iter().map(|row| CredentialID::from(row.id)).collect();
    let passkeys = gateway.passkeys.get()?;
    let (mut options, state) = passkeys
        .start_passkey_registration(handle, &name, &name, Some(known))
        .map_err(Problem::internal)?;
    // A desk is opened by whatever passkey the authenticator has for this host, and it only knows those by heart that it
    // was told to keep. Without a wish of the newer kind, the older one counts.
    if let (PasskeyOwner::Key(_), Some(wanted)) =
        (owner, &mut options.public_key.authenticator_selection)
    {
        wanted.resident_key = None;
        wanted.require_resident_key = true;
    }
    let ceremony = Ceremony::New { name, handle, state };
    ceremony::begin(gateway, browser, &ceremony, &public_key(&options)?).await
}

/// Keeps the passkey that an owner's browser has made. What was opened without it ends, but for the session in which it was
/// made; and as somebody who knew the credentials may have had a recovery code made, the first passkey of a buyer comes
/// with a new one.
pub async fn add(
    gateway: &Gateway,
    browser: &str,
    owner: PasskeyOwner,
    session: Option<SessionId>,
    Answer { ceremony, answer }: Answer<'_>,
) -> Result<Option<SecretText>, Problem> {
    let asked = ceremony::take(gateway, browser, Purpose::New, ceremony).await?;
    let Ceremony::New { name, handle, state } = asked else { return Err(refused()) };
    let answer: RegisterPublicKeyCredential = answered(answer)?;
    let made = gateway.passkeys.get()?.finish_passkey_registration(&answer, &state);
    let made = made.map_err(|error| not_accepted(&error))?;
    let credential = stored(&made)?;
    if made.cred_id().len() > ID_BYTES_MAX || credential.len() > CREDENTIAL_BYTES_MAX {
        return Err(refused());
    }
    let row = PasskeyRow {
        id: made.cred_id().to_vec(),
        owner,
        name,
        handle: handle.as_bytes().to_vec(),
        credential,
        created_at: gateway.now(),
        used_at: None,
    };
    let code = RecoveryCode::from_random(random::bytes());
    let recovery = code.hash(&gateway.keys.hash);
    let kept = gateway.store.write(move |db| keep(db, &row, session, recovery)).await?;
    tracing::info!(is_kept = kept != Kept::Not, "a new passkey");
    match kept {
        Kept::Not => Err(refused()),
        Kept::Another => Ok(None),
        Kept::AsFirst => Ok(Some(code.reveal())),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kept {
    Not,
    Another,
    AsFirst,
}

fn keep(
    db: &mut Connection,
    new: &PasskeyRow,
    session: Option<SessionId>,
    recovery: KeyedHash,
) -> Result<Kept, StoreError> {
    // The account first: whoever signs in, recovers or erases it meanwhile comes before this or after it.
    if let PasskeyOwner::Account(account) = new.owner
        && !identity_lock(db, account)?
    {
        return Ok(Kept::Not);
    }
    let others = passkey_list(db, new.owner)?.len();
    if others >= PASSKEYS_MAX || !passkey_insert(db, new)? {
        return Ok(Kept::Not);
    }
    let PasskeyOwner::Account(account) = new.owner else { return Ok(Kept::Another) };
    session_end_others(db, account, session, new.created_at)?;
    if others > 0 {
        return Ok(Kept::Another);
    }
    identity_recovery_set(db, account, recovery)?;
    Ok(Kept::AsFirst)
}

/// Takes a passkey of an owner away, by its id in base64url.
pub async fn remove(gateway: &Gateway, owner: PasskeyOwner, id: &str) -> Result<(), Problem> {
    let id = data_encoding::BASE64URL_NOPAD
        .decode(id.as_bytes())
        .map_err(|_| Problem::malformed("passkey", "one of those in the list"))?;
    let deleted = gateway.store.write(move |db| passkey_delete(db, owner, &id)).await?;
    if !deleted {
        return Err(Problem::not_found());
    }
    tracing::info!("a passkey was removed");
    Ok(())
}

/// The part of the options that browsers parse.
fn public_key(options: &impl serde::Serialize) -> Result<Value, Problem> {
    let options = serde_json::to_value(options).map_err(Problem::internal)?;
    let Value::Object(mut options) = options else {
        return Err(Problem::internal("the options of a passkey are no object"));
    };
    Ok(options.remove("publicKey").unwrap_or_default())
}

fn answered<T: serde::de::DeserializeOwned>(answer: &str) -> Result<T, Problem> {
    let answer = Some(answer).filter(|answer| answer.len() <= ANSWER_BYTES_MAX);
    serde_json::from_str(answer.unwrap_or_default())
        .map_err(|_| Problem::malformed("answer", "the JSON of a PublicKeyCredential"))
}

fn stored(passkey: &Passkey) -> Result<String, Problem> {
    serde_json::to_string(passkey).map_err(Problem::internal)
}

fn refused() -> Problem {
    Problem::new(problem::PASSKEY_REFUSED)
}

/// Which part of it was wrong is for the operator's log: it holds no secret, and tells nobody anything.
fn not_accepted(error: &WebauthnError) -> Problem {
    tracing::info!(%error, "a passkey was not accepted");
    refused()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_bound_to_the_name_of_the_gateway_and_to_nothing_else() {
        let offered = |issuer: &str| Passkeys::of_issuer(issuer).are_offered();
        for named in [
            "https://pay.example.org",
            "https://pay.example.org:8443/purser",
            "http://localhost:8080",
            "http://127.0.0.1:8080",
            "http://[::1]:8080",
        ] {
            assert!(offered(named), "{named}");
        }
        for nameless in ["http://pay.example.org", "https://203.0.113.7", "http://0.0.0.0:1", "x"] {
            assert!(!offered(nameless), "{nameless}");
        }
        let local = Passkeys::of_issuer("http://127.0.0.1:8080");
        let origins = local.0.as_ref().unwrap().get_allowed_origins();
        assert_eq!(origins, [Url::parse("http://localhost:8080").unwrap()]);
    }
}
