//! Passkeys ([WebAuthn level 3](https://www.w3.org/TR/webauthn-3/)): a further thing that a buyer shows when signing in, and
//! what opens a desk in the place of its key.
//!
//! A challenge is kept in the database until it is answered, under a hash of the browser that was given it: no other
//! browser answers it, nothing answers it twice, and another gateway on the same database may take the answer. Keys
//! are bound to the host of the gateway's address, so they are worth nothing to whoever imitates its pages.

mod ceremony;
mod sign_in;

use purser_core::secret::SecretText;
use purser_store::facts::passkey::{
    PasskeyOwner, PasskeyRow, passkey_delete, passkey_insert, passkey_list,
};
use serde_json::{Value, json};
use url::{Host, Url};
use webauthn_rs::{
    Webauthn, WebauthnBuilder,
    prelude::{CredentialID, Passkey, RegisterPublicKeyCredential, Uuid, WebauthnError},
};

use self::ceremony::{Ceremony, Purpose};
pub(super) use self::sign_in::ask_buyer;
pub use self::sign_in::{ask_at_desk, open_desk, sign_in};
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

/// The gateway as authenticators know it: none, if its address has no name that keys could be bound to.
pub struct Passkeys(Option<Webauthn>);

/// What a browser hands to an authenticator.
pub struct Challenge {
    /// Comes back with the answer.
    pub ceremony: SecretText,
    /// `PublicKeyCredentialCreationOptionsJSON` or `PublicKeyCredentialRequestOptionsJSON`.
    pub options: String,
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
    let known = list(gateway, owner).await?;
    if known.len() >= PASSKEYS_MAX {
        let detail = format!("there are {PASSKEYS_MAX} already; remove one first");
        return Err(Problem::malformed("passkey_name", detail));
    }
    let handle = Uuid::from_bytes(random::bytes());
    // An authenticator that has one of them says so, rather than have two.
    let known = known.into_iter().map(|row| CredentialID::from(row.id)).collect();
    let passkeys = gateway.passkeys.get()?;
    let (options, state) = passkeys
        .start_passkey_registration(handle, &name, &name, Some(known))
        .map_err(Problem::internal)?;
    let mut options = public_key(&options)?;
    // A desk is opened by whatever passkey the authenticator has for this host, and it only knows those by heart that it
    // was told to keep.
    if matches!(owner, PasskeyOwner::Key(_)) {
        options["authenticatorSelection"]["residentKey"] = json!("required");
        options["authenticatorSelection"]["requireResidentKey"] = json!(true);
    }
    let ceremony = Ceremony::New { name, handle, state };
    ceremony::begin(gateway, browser, &ceremony, &options).await
}

/// Keeps the passkey that an owner's browser has made.
pub async fn add(
    gateway: &Gateway,
    browser: &str,
    owner: PasskeyOwner,
    ceremony: &str,
    answer: &str,
) -> Result<(), Problem> {
    let asked = ceremony::take(gateway, browser, Purpose::New, ceremony).await?;
    let Ceremony::New { name, handle, state } = asked else { return Err(refused()) };
    let answer: RegisterPublicKeyCredential = answered(answer)?;
    let made = gateway.passkeys.get()?.finish_passkey_registration(&answer, &state);
    let made = made.map_err(|error| not_accepted(&error))?;
    let row = PasskeyRow {
        id: made.cred_id().to_vec(),
        owner,
        name,
        handle: handle.as_bytes().to_vec(),
        credential: stored(&made)?,
        created_at: gateway.now(),
        used_at: None,
    };
    let kept = gateway.store.write(move |db| {
        let room = passkey_list(db, owner)?.len() < PASSKEYS_MAX;
        Ok(room && passkey_insert(db, &row)?)
    });
    if kept.await? { Ok(()) } else { Err(refused()) }
}

/// Takes a passkey of an owner away, by its id in base64url.
pub async fn remove(gateway: &Gateway, owner: PasskeyOwner, id: &str) -> Result<(), Problem> {
    let id = data_encoding::BASE64URL_NOPAD
        .decode(id.as_bytes())
        .map_err(|_| Problem::malformed("passkey", "one of those in the list"))?;
    let deleted = gateway.store.write(move |db| passkey_delete(db, owner, &id)).await?;
    if deleted { Ok(()) } else { Err(Problem::not_found()) }
}

/// The part of the options that browsers parse.
fn public_key(options: &impl serde::Serialize) -> Result<Value, Problem> {
    let mut options = serde_json::to_value(options).map_err(Problem::internal)?;
    Ok(options["publicKey"].take())
}

fn answered<T: serde::de::DeserializeOwned>(answer: &str) -> Result<T, Problem> {
    serde_json::from_str(answer)
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
