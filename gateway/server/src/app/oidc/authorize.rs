//! A shop's buyer comes to log in: what happens next.
//!
//! Nothing is kept of a request until its buyer has signed in and agreed: it travels through the pages as it came. So
//! each step judges it anew, and whoever changed it on the way has only asked for something else.

use jiff::SignedDuration;
use purser_core::{
    ids::{GrantId, SessionId},
    login::{
        client::{LoginClient, RedirectUri},
        error::ErrorCode,
        id_token::{Hint, Identity},
        params::Params,
        request::{Asker, AuthorizationRequest, Prompt, Untold},
        scope::Scopes,
    },
    receipt::pairwise_subject,
};
use purser_store::facts::{
    login_client::login_client_get,
    login_consent::{login_consent_get, login_consent_set},
    login_grant::{Grant, login_grant_insert},
    session::{Session, session_get},
};

use url::form_urlencoded;

use super::{
    elsewhere::{self, Elsewhere, Onward},
    key, marker,
    token::code_hash,
};
use crate::{
    app::{intent::Payer, telling},
    gateway::Gateway,
    keys::random_text,
    problem::{self, Problem},
    random::id_bits,
};

/// Seconds in which a code is exchanged: the shop does it at once.
const CODE_S: i64 = 60;

/// What happens next.
pub enum Step {
    /// The buyer signs in.
    SignIn(Box<Asked>),
    /// The buyer agrees, or does not.
    Agree(Box<Asked>),
    /// The buyer goes back to the shop, to this address.
    Back(String),
    /// The buyer goes back there only if it wants to.
    Offer(Elsewhere),
}

/// A request that can be answered, and who is asked for what.
pub struct Asked {
    /// The request.
    pub request: AuthorizationRequest,
    /// Whose it is.
    pub client: LoginClient,
    /// What the shop is called.
    pub shop: String,
    /// What the shop will see of the buyer, when it is known who that is.
    pub sees: Option<Identity>,
    /// The request as a query, with what it remembers.
    pub query: String,
    /// The address back to the shop for who does not want to.
    pub refuse: String,
}

impl From<Onward> for Step {
    fn from(onward: Onward) -> Self {
        match onward {
            Onward::Led(location) => Self::Back(location),
            Onward::Asked(elsewhere) => Self::Offer(elsewhere),
        }
    }
}

impl Asked {
    /// Where the forms of its pages end.
    pub fn origin(&self) -> String {
        self.request.redirect_uri.origin()
    }
}

/// What happens next to a request, of whoever is signed in.
pub async fn next(
    gateway: &Gateway,
    params: &Params,
    payer: Option<&Payer>,
) -> Result<Step, Problem> {
    let (client, back) = known_client(gateway, params).await?;
    let request = match AuthorizationRequest::read(params, &client, back) {
        Ok(request) => request,
        Err(told) => return Ok(elsewhere::told(gateway, &client, &told).await?.into()),
    };
    let remembered = params.get(marker::PARAMETER).ok().flatten();
    let session = match standing(gateway, &request, &client, remembered, payer).await? {
        Standing::Good(session) => session,
        Standing::Stranger => {
            return back_with(gateway, &client, &request, ErrorCode::LoginRequired).await;
        }
        Standing::Nobody => return sign_in(gateway, client, request).await,
    };
    let (account, merchant) = (session.account, client.merchant);
    let given = gateway.store.read(move |db| login_consent_get(db, account, merchant)).await?;
    let covered = given.is_some_and(|given| given.scopes.cover(request.scopes));
    if covered && !request.prompt.consent() {
        return code(gateway, &request, &session, None).await.map(Step::Back);
    }
    if request.prompt == Prompt::Nothing {
        return back_with(gateway, &client, &request, ErrorCode::ConsentRequired).await;
    }
    let sub = pairwise_subject(&gateway.keys.pairwise, merchant, account);
    let sees = Identity::new(sub, request.scopes, &gateway.issuer);
    let query = with_marker(&request, remembered);
    Ok(Step::Agree(Box::new(asked(gateway, client, request, Some(sees), query).await?)))
}

/// The buyer agrees. What happens next is that it goes back, unless something has changed since it was asked.
pub async fn agree(
    gateway: &Gateway,
    params: &Params,
    payer: Option<&Payer>,
) -> Result<Step, Problem> {
    let (asked, payer) = match (next(gateway, params, payer).await?, payer) {
        (Step::Agree(asked), Some(payer)) => (asked, payer),
        (other, _) => return Ok(other),
    };
    let (id, now) = (payer.session, gateway.now());
    let session = gateway.store.read(move |db| session_get(db, id, now)).await?;
    let session = session.ok_or_else(|| Problem::new(problem::NOT_AUTHENTICATED))?;
    code(gateway, &asked.request, &session, Some(&asked.client)).await.map(Step::Back)
}

/// The client that asks, and the address that its buyer goes back to. Until both are known, nobody is sent anywhere.
async fn known_client(
    gateway: &Gateway,
    params: &Params,
) -> Result<(LoginClient, RedirectUri), Problem> {
    let untold = |Untold { parameter, detail }| {
        let detail = format!("`{parameter}` {detail}; the shop's login is not set up right");
        Problem::malformed(parameter, detail)
    };
    let asker = Asker::read(params).map_err(untold)?;
    let id = asker.client;
    let found = gateway.store.read(move |db| login_client_get(db, id)).await?;
    let unknown = Untold { parameter: "client_id", detail: "is no client of this gateway" };
    let (client, _) = found.ok_or_else(|| untold(unknown))?;
    let back = asker.known_to(&client).map_err(untold)?;
    Ok((client, back))
}

/// Who is there to answer a request.
enum Standing {
    /// Whoever the shop means, in this session.
    Good(Session),
    /// Somebody who has just signed in, and is not whom the shop means.
    Stranger,
    /// Nobody who need not sign in first.
    Nobody,
}

/// Who is there: the shop may mean one certain buyer, and may ask for a session that began for this request.
///
/// A shop that wants to know when its buyer signed in (`max_age`) gets a sign-in made for it alone. Two shops that were
/// told the same moment could tell that it is the same buyer.
async fn standing(
    gateway: &Gateway,
    request: &AuthorizationRequest,
    client: &LoginClient,
    remembered: Option<&str>,
    payer: Option<&Payer>,
) -> Result<Standing, Problem> {
    let Some(payer) = payer else { return Ok(Standing::Nobody) };
    let (id, now) = (payer.session, gateway.now());
    let Some(session) = gateway.store.read(move |db| session_get(db, id, now)).await? else {
        return Ok(Standing::Nobody);
    };
    let is_of = |sealed: &str| marker::is_of(gateway, request, sealed, session.id);
    let is_fresh = remembered.is_some_and(is_of);
    let wants_fresh = request.prompt.login() || request.max_age_s.is_some();
    if wants_fresh && !is_fresh {
        return Ok(Standing::Nobody);
    }
    let Some(hint) = &request.id_token_hint else { return Ok(Standing::Good(session)) };
    let rsa = key::rs256_if_any(gateway).await?;
    let sub = pairwise_subject(&gateway.keys.pairwise, client.merchant, session.account);
    let meant = Hint::read(hint, &gateway.keys.ring, rsa.as_deref())
        .is_ok_and(|hint| hint.iss == gateway.issuer && hint.sub == sub);
    Ok(match (meant, is_fresh) {
        (true, _) => Standing::Good(session),
        (false, true) => Standing::Stranger,
        (false, false) => Standing::Nobody,
    })
}

async fn sign_in(
    gateway: &Gateway,
    client: LoginClient,
    request: AuthorizationRequest,
) -> Result<Step, Problem> {
    if request.prompt == Prompt::Nothing {
        return back_with(gateway, &client, &request, ErrorCode::LoginRequired).await;
    }
    let query = request.query();
    Ok(Step::SignIn(Box::new(asked(gateway, client, request, None, query).await?)))
}

/// The request as a query that remembers who has just signed in for it.
pub fn signed_in(gateway: &Gateway, asked: &Asked, session: SessionId) -> String {
    let sealed = marker::seal(gateway, &asked.request, session, gateway.now());
    with_marker(&asked.request, Some(&sealed))
}

async fn asked(
    gateway: &Gateway,
    client: LoginClient,
    request: AuthorizationRequest,
    sees: Option<Identity>,
    query: String,
) -> Result<Asked, Problem> {
    let shop = elsewhere::merchant(gateway, &client).await?.name;
    let refused = request.refused(ErrorCode::AccessDenied, "the buyer did not want to");
    Ok(Asked { refuse: refused.location(&gateway.issuer), request, client, shop, sees, query })
}

fn with_marker(request: &AuthorizationRequest, remembered: Option<&str>) -> String {
    let mut query = form_urlencoded::Serializer::new(request.query());
    query.extend_pairs(remembered.map(|sealed| (marker::PARAMETER, sealed)));
    query.finish()
}

async fn back_with(
    gateway: &Gateway,
    client: &LoginClient,
    request: &AuthorizationRequest,
    error: ErrorCode,
) -> Result<Step, Problem> {
    let description = match error {
        ErrorCode::LoginRequired => "the buyer would have to sign in",
        _ => "the buyer would have to agree",
    };
    let refused = request.refused(error, description);
    Ok(elsewhere::told(gateway, client, &refused).await?.into())
}

/// Gives the shop a code, and keeps what the buyer agreed to if it did so now.
async fn code(
    gateway: &Gateway,
    request: &AuthorizationRequest,
    session: &Session,
    agreed: Option<&LoginClient>,
) -> Result<String, Problem> {
    let now = gateway.now();
    let began_s = gateway.clock.by_machine(session.created_at).as_second();
    let grant = Grant {
        id: GrantId::from_random(id_bits()),
        client: request.client,
        account: session.account,
        session: session.id,
        scopes: request.scopes,
        redirect_uri: request.redirect_uri.as_str().to_owned(),
        challenge: request.challenge,
        nonce: request.nonce.clone(),
        auth_time_s: request.max_age_s.map(|_| began_s),
        created_at: now,
        expires_at: now.checked_add(SignedDuration::from_secs(CODE_S)).unwrap_or(now),
        ends_after_us: telling::login_ends_after_us(gateway.settings.logins_end_within),
    };
    let code = random_text("code_");
    let hash = code_hash(gateway, code.expose());
    let agreed = agreed.map(|client| client.merchant);
    let (account, scopes): (_, Scopes) = (grant.account, grant.scopes);
    let written = gateway.store.write(move |db| {
        if !login_grant_insert(db, &grant, &hash)? {
            return Ok(false);
        }
        if let Some(merchant) = agreed {
            let before = login_consent_get(db, account, merchant)?;
            let all = before.map_or(scopes, |before| before.scopes.and(scopes));
            login_consent_set(db, account, merchant, all, now)?;
        }
        Ok(true)
    });
    if !written.await? {
        return Err(Problem::new(problem::NOT_AUTHENTICATED));
    }
    Ok(request.with_code(code.expose(), &gateway.issuer))
}
