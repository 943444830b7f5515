//! Who calls: buyers with an access token, merchants and operators with a key.
//!
//! Everything that authentication asks of the database is one look: whether the session or key lives, where the buyer
//! consumes, and what the request's idempotency key answered before.

use std::{pin::Pin, sync::Arc};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header::AUTHORIZATION, web::Data};
use purser_core::{
    Timestamp,
    ids::{AccountId, MerchantId, SessionId},
    place::Place,
    secret::SecretText,
};
use purser_store::{
    facts::api_key::{KeyOwner, api_key_find},
    read::caller::{Caller, caller_find},
};

use super::key::{Key, KeyHeader};
use crate::{
    app::{
        intent::Payer,
        token::{self, Access},
    },
    gateway::Gateway,
    problem::{self, Problem},
};

/// Longer than any token or key of ours.
const CREDENTIAL_BYTES_MAX: usize = 2048;
/// The scope of an operator's idempotency keys.
const OPERATOR: &str = "operator";
/// What an operator's key begins with.
const OPERATOR_KEY: &str = "op_";

/// A buyer who is signed in.
pub struct Buyer {
    /// Whose vault.
    pub account: AccountId,
    /// In which session.
    pub session: SessionId,
    /// Where the buyer consumes, as far as it said.
    pub country: Option<Place>,
    /// The version of the facts that a command is prepared with.
    pub facts_version: i64,
    /// The idempotency key.
    pub key: Key,
    /// What the access token says.
    pub access: Arc<Access>,
}

/// A merchant.
pub struct Merchant {
    /// Which.
    pub id: MerchantId,
    /// What its key may be used for.
    pub scopes: Vec<String>,
    /// When its key ends, if ever.
    pub key_expires_at: Option<Timestamp>,
    /// The version of the facts that a command is prepared with.
    pub facts_version: i64,
    /// The idempotency key.
    pub key: Key,
}

/// An operator, who may do everything that operators do.
pub struct Operator {
    /// The version of the facts that a command is prepared with.
    pub facts_version: i64,
    /// The idempotency key.
    pub key: Key,
}

/// Who may look at books: an operator at all of them, a merchant at its own.
pub enum Viewer {
    /// An operator.
    Operator(Operator),
    /// A merchant.
    Merchant(Merchant),
}

impl Viewer {
    /// Whose books may be looked at, if not all: a merchant's key needs this scope.
    pub fn merchant(&self, scope: &str) -> Result<Option<MerchantId>, Problem> {
        match self {
            Self::Operator(_) => Ok(None),
            Self::Merchant(merchant) => {
                merchant.require(scope)?;
                Ok(Some(merchant.id))
            }
        }
    }

    async fn read(request: HttpRequest) -> Result<Self, Problem> {
        match credential(&request, OPERATOR_KEY) {
            Ok(_) => Operator::read(request).await.map(Self::Operator),
            Err(_) => Merchant::read(request).await.map(Self::Merchant),
        }
    }
}

impl Buyer {
    /// The buyer as the use cases know it.
    pub fn payer(&self) -> Payer {
        Payer {
            account: self.account,
            session: self.session,
            country: self.country.clone(),
            facts_version: self.facts_version,
        }
    }

    async fn read(request: HttpRequest) -> Result<Self, Problem> {
        let (gateway, access) = access(&request)?;
        let header = KeyHeader::of(&request);
        let (account, session, now) = (access.account, access.session, gateway.now());
        let asked = header.clone();
        let found =
            gateway.store.read(move |db| caller_find(db, (session, account), asked.given(), now));
        let Caller { country, answered, facts_version } =
            found.await?.ok_or_else(not_authenticated)?;
        let key = Key::new(account, header, answered);
        purser_host::Caller::known(account).tell();
        Ok(Self { account, session, country, facts_version, key, access })
    }
}

impl Merchant {
    /// Refuses a key without this scope.
    pub fn require(&self, scope: &str) -> Result<(), Problem> {
        if self.scopes.iter().any(|held| held == scope) {
            return Ok(());
        }
        Err(Problem::new(problem::SCOPE_MISSING)
            .detail(format!("this call needs a key with the scope `{scope}`")))
    }

    async fn read(request: HttpRequest) -> Result<Self, Problem> {
        let gateway = gateway(&request)?;
        let credential = credential(&request, "sk_")?;
        let header = KeyHeader::of(&request);
        let facts_version = gateway.store.facts_version_recent().await?;
        let (hash, now, asked) =
            (gateway.keys.api_key_hash(credential.expose()), gateway.now(), header.clone());
        let found = gateway.store.read(move |db| {
            let Some(row) = api_key_find(db, &hash, now)? else { return Ok(None) };
            let KeyOwner::Merchant(id) = row.owner else { return Ok(None) };
            Ok(Some((id, row, asked.look(db, &id.to_string())?)))
        });
        let (id, row, answered) = found.await?.ok_or_else(not_authenticated)?;
        purser_host::Caller::known(id).tell();
        let (scopes, key_expires_at) = (row.scopes, row.expires_at);
        Ok(Self { id, scopes, key_expires_at, facts_version, key: Key::new(id, header, answered) })
    }
}

impl Operator {
    async fn read(request: HttpRequest) -> Result<Self, Problem> {
        let gateway = gateway(&request)?;
        let credential = credential(&request, OPERATOR_KEY)?;
        let header = KeyHeader::of(&request);
        let facts_version = gateway.store.facts_version_recent().await?;
        let hash = gateway.keys.api_key_hash(credential.expose());
        // Keyed hashes compare in constant time.
        let is_file_key = hash == gateway.keys.operator_hash;
        let (now, asked) = (gateway.now(), header.clone());
        let found = gateway.store.read(move |db| {
            let is_operator = |owner| matches!(owner, KeyOwner::Operator);
            let known = is_file_key
                || api_key_find(db, &hash, now)?.is_some_and(|row| is_operator(row.owner));
            if known { asked.look(db, OPERATOR).map(Some) } else { Ok(None) }
        });
        let answered = found.await?.ok_or_else(not_authenticated)?;
        purser_host::Caller::Gateway.tell();
        Ok(Self { facts_version, key: Key::new(OPERATOR, header, answered) })
    }
}

macro_rules! from_request {
    ($($who:ident),*) => {$(
        impl FromRequest for $who {
            type Error = Problem;
            type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

            fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
                Box::pin(Self::read(request.clone()))
            }
        }
    )*};
}

from_request!(Buyer, Merchant, Operator, Anybody, Viewer);

/// Anyone at all, and whoever says who it is. A credential that is not good is refused, as everywhere.
pub enum Anybody {
    /// Who shows nothing.
    Nobody,
    /// A buyer.
    Buyer(Buyer),
    /// A merchant.
    Merchant(Merchant),
    /// The operator.
    Operator(Operator),
}

impl Anybody {
    async fn read(request: HttpRequest) -> Result<Self, Problem> {
        if !request.headers().contains_key(AUTHORIZATION) {
            return Ok(Self::Nobody);
        }
        let kind = credential(&request, "")?;
        match kind.expose() {
            key if key.starts_with("sk_") => Merchant::read(request).await.map(Self::Merchant),
            key if key.starts_with("op_") => Operator::read(request).await.map(Self::Operator),
            _ => Buyer::read(request).await.map(Self::Buyer),
        }
    }
}

/// What was answered to a buyer whose session has ended since: an erasure ends the session that asked for it, and
/// its retry must still learn where the money went. The token is genuine and not expired; it opens nothing else.
pub async fn answered_before(request: &HttpRequest) -> Result<Option<Key>, Problem> {
    let (gateway, access) = access(request)?;
    let (account, header) = (access.account, KeyHeader::of(request));
    let asked = header.clone();
    let answered = gateway.store.read(move |db| asked.look(db, &account.to_string())).await?;
    Ok(answered.map(|answered| Key::new(account, header, Some(answered))))
}

fn gateway(request: &HttpRequest) -> Result<&Gateway, Problem> {
    let gateway = request.app_data::<Data<Gateway>>().map(|data| data.get_ref());
    gateway.ok_or_else(|| Problem::internal("a route without a gateway"))
}

fn access(request: &HttpRequest) -> Result<(&Gateway, Arc<Access>), Problem> {
    let gateway = gateway(request)?;
    let credential = credential(request, "")?;
    Ok((gateway, token::check(gateway, credential.expose())?))
}

/// `Authorization: Bearer <token68>` (RFC 6750), once, and with the prefix of the kind that is expected.
fn credential(request: &HttpRequest, prefix: &str) -> Result<SecretText, Problem> {
    let mut headers = request.headers().get_all(AUTHORIZATION);
    let (Some(header), None) = (headers.next(), headers.next()) else {
        return Err(not_authenticated().detail(wanted(prefix)));
    };
    let token = header.to_str().ok().and_then(bearer).filter(|token| token.starts_with(prefix));
    let token = token.map(|token| SecretText::new(token.to_owned()));
    token.ok_or_else(|| not_authenticated().detail(wanted(prefix)))
}

/// Which credential a call takes, for who shows none of that kind.
fn wanted(prefix: &str) -> &'static str {
    match prefix {
        "sk_" => {
            "this call takes one header `Authorization: Bearer sk_...`, a secret key of a merchant"
        }
        "op_" => {
            "this call takes one header `Authorization: Bearer op_...`, the key in operator.key of the data directory"
        }
        _ => {
            "this call takes one header `Authorization: Bearer ...` with the access_token of POST /v1/sessions"
        }
    }
}

fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    let token = token.trim_matches(' ');
    let in_token68 = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    let good = (1..=CREDENTIAL_BYTES_MAX).contains(&token.len()) && token.bytes().all(in_token68);
    (scheme.eq_ignore_ascii_case("bearer") && good).then_some(token)
}

fn not_authenticated() -> Problem {
    Problem::new(problem::NOT_AUTHENTICATED)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn a_credential_comes_in_one_form_only() {
        let check = |headers: &[&str], expected: Option<&str>| {
            let request = headers.iter().fold(TestRequest::default(), |request, header| {
                request.append_header((AUTHORIZATION, *header))
            });
            let read = credential(&request.to_http_request(), "").ok();
            assert_eq!(read.as_ref().map(SecretText::expose), expected, "{headers:?}");
        };
        check(&["Bearer abc.def-_~+/="], Some("abc.def-_~+/="));
        check(&["bearer  abc "], Some("abc"));
        check(&[], None);
        check(&["Bearer"], None);
        check(&["Bearer "], None);
        check(&["Basic abc"], None);
        check(&["abc"], None);
        check(&["Bearer a b"], None);
        check(&["Bearer a,b"], None);
        check(&["Bearer abc", "Bearer abc"], None);
        check(&[&format!("Bearer {}", "a".repeat(2048))], Some(&"a".repeat(2048)));
        check(&[&format!("Bearer {}", "a".repeat(2049))], None);
    }
}
