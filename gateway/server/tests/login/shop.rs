//! A shop that speaks OpenID Connect by hand, so that it can also do what no library does.

use data_encoding::{BASE64, BASE64URL_NOPAD};
use serde_json::{Value, json};
use ureq::Agent;
use url::form_urlencoded;

use super::{
    person::{Person, parameter},
    support::{Answer, Merchant, World, text},
};

/// Where buyers come back to. Nobody listens there: the address itself says all.
pub(crate) const REDIRECT: &str = "http://127.0.0.1:9/callback?page=1";
pub(crate) const AFTER: &str = "http://127.0.0.1:9/bye";
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// All that can be asked for.
pub(crate) const ALL: &str = "openid profile email offline_access";

pub(crate) struct Shop {
    pub(crate) merchant: Merchant,
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) base: String,
}

/// What the gateway's endpoints for shops answered.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) challenge: Option<String>,
    pub(crate) body: Value,
}

impl Shop {
    pub(crate) fn new(world: &World) -> Self {
        Self::with(world, &json!({}))
    }

    /// A shop of a merchant of its own, registered with these fields besides its addresses.
    pub(crate) fn with(world: &World, fields: &Value) -> Self {
        Self::of(world, world.merchant("DE"), fields)
    }

    pub(crate) fn of(world: &World, merchant: Merchant, fields: &Value) -> Self {
        let mut wish = json!({ "redirect_uris": [REDIRECT], "post_logout_redirect_uris": [AFTER] });
        wish.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let made = merchant.client.post("/v1/login-clients", None, &wish).ok(201);
        Self {
            id: text(&made, "/client_id"),
            secret: text(&made, "/client_secret"),
            base: world.base.clone(),
            merchant,
        }
    }

    /// The address to send a buyer to, with these parameters in place of the usual ones; empty ones are left out.
    pub(crate) fn authorize(&self, changed: &[(&str, &str)]) -> String {
        let usual = [
            ("response_type", "code"),
            ("client_id", self.id.as_str()),
            ("redirect_uri", REDIRECT),
            ("scope", ALL),
            ("state", "a state"),
            ("nonce", "a nonce"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        let is_changed = |name: &str| changed.iter().any(|(known, _)| *known == name);
        let kept = usual.iter().filter(|(name, _)| !is_changed(name));
        let set = kept.chain(changed).filter(|(_, value)| !value.is_empty());
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(set).finish();
        format!("/oauth/authorize?{query}")
    }

    /// The code that a buyer comes back with.
    #[track_caller]
    pub(crate) fn code(&self, person: &Person, login: &Value, changed: &[(&str, &str)]) -> String {
        let address = person.log_in(&self.authorize(changed), login);
        let code = parameter(&address, "code");
        code.unwrap_or_else(|| panic!("no code: {address}"))
    }

    pub(crate) fn exchange(&self, code: &str) -> Reply {
        self.exchange_with(code, &[])
    }

    pub(crate) fn exchange_with(&self, code: &str, changed: &[(&str, &str)]) -> Reply {
        let usual = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
        ];
        let is_changed = |name: &str| changed.iter().any(|(known, _)| *known == name);
        let kept = usual.iter().filter(|(name, _)| !is_changed(name));
        let set: Vec<_> = kept.chain(changed).filter(|(_, value)| !value.is_empty()).collect();
        self.post("/oauth/token", &set.into_iter().copied().collect::<Vec<_>>())
    }

    /// What a buyer's log-in gives.
    #[track_caller]
    pub(crate) fn tokens(&self, person: &Person, login: &Value, changed: &[(&str, &str)]) -> Value {
        self.exchange(&self.code(person, login, changed)).ok()
    }

    pub(crate) fn refresh(&self, tokens: &Value) -> Reply {
        let token = text(tokens, "/refresh_token");
        self.post("/oauth/token", &[("grant_type", "refresh_token"), ("refresh_token", &token)])
    }

    pub(crate) fn revoke(&self, token: &str) -> Reply {
        self.post("/oauth/revoke", &[("token", token)])
    }

    pub(crate) fn userinfo(&self, tokens: &Value) -> Reply {
        userinfo(&self.base, &text(tokens, "/access_token"))
    }

    /// Sends a form with the client's id and secret in the header.
    pub(crate) fn post(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let pair = format!("{}:{}", self.id, self.secret);
        let header = format!("Basic {}", BASE64.encode(pair.as_bytes()));
        post_as(&self.base, path, Some(&header), fields)
    }
}

pub(crate) fn userinfo(base: &str, token: &str) -> Reply {
    let request = agent().get(format!("{base}/oauth/userinfo"));
    read(request.header("Authorization", format!("Bearer {token}")).call().unwrap())
}

pub(crate) fn post_as(
    base: &str,
    path: &str,
    authorization: Option<&str>,
    fields: &[(&str, &str)],
) -> Reply {
    let mut request = agent().post(format!("{base}{path}"));
    if let Some(header) = authorization {
        request = request.header("Authorization", header);
    }
    read(request.send_form(fields.iter().copied()).unwrap())
}

fn agent() -> Agent {
    Agent::config_builder().http_status_as_error(false).build().into()
}

fn read(mut response: ureq::http::Response<ureq::Body>) -> Reply {
    let header = |name: &str| response.headers().get(name).map(|v| v.to_str().unwrap().to_owned());
    let (status, challenge) = (response.status().as_u16(), header("WWW-Authenticate"));
    assert_eq!(header("Cache-Control").as_deref(), Some("no-store"));
    let text = response.body_mut().read_to_string().unwrap();
    Reply { status, challenge, body: serde_json::from_str(&text).unwrap_or(Value::Null) }
}

impl Reply {
    #[track_caller]
    pub(crate) fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{self:?}");
        self.body.clone()
    }

    /// Checks that the answer is this refusal.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, error: &str) {
        assert_eq!((self.status, self.body["error"].as_str()), (status, Some(error)), "{self:?}");
    }
}

/// What the payload of a token says. Whether it is genuine is for the libraries to say.
pub(crate) fn claims(token: &Value) -> Value {
    part(token, 1)
}

/// What the header of a token says.
pub(crate) fn header(token: &Value) -> Value {
    part(token, 0)
}

fn part(token: &Value, index: usize) -> Value {
    let part = token.as_str().unwrap().split('.').nth(index).unwrap();
    serde_json::from_slice(&BASE64URL_NOPAD.decode(part.as_bytes()).unwrap()).unwrap()
}

/// Checks that a call of the API refuses a token.
#[track_caller]
pub(crate) fn not_authenticated(answer: &Answer) {
    answer.problem(401, "not-authenticated");
}
