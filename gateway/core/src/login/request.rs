//! An authorization request (OpenID Connect Core, section 3.1.2.1): a shop sends its buyer here to log in.
//!
//! It is read in two steps. Until it is known that the address to go back to is one of the client's, nobody but the
//! person who looks at the page is told anything; from then on the shop is told what is wrong with the rest.

use url::form_urlencoded;

use super::{
    client::{LoginClient, Pkce, RedirectUri},
    error::ErrorCode,
    params::{Params, Repeated},
    pkce::Challenge,
    scope::Scopes,
};
use crate::ids::LoginClientId;

/// What a shop finds its own page by. Some put an address into it.
const STATE_BYTES_MAX: usize = 2_048;
/// A random number as text; libraries use some forty characters.
const NONCE_BYTES_MAX: usize = 512;
/// Dozens of languages.
const LOCALES_BYTES_MAX: usize = 256;
/// An ID token has some 800 bytes.
const HINT_BYTES_MAX: usize = 4_096;

/// Who asks, before anything of it is believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asker<'a> {
    /// The client that it claims to be.
    pub client: LoginClientId,
    /// Where it wants the buyer back.
    pub redirect_uri: &'a str,
}

/// What nobody but the person is told: the parameter at fault, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Untold {
    /// The parameter.
    pub parameter: &'static str,
    /// What is wrong with it.
    pub detail: &'static str,
}

/// What the buyer is to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prompt {
    /// What is needed.
    AsNeeded,
    /// Nothing: the shop looks whether its buyer is signed in.
    Nothing,
    /// To sign in, to agree, or both, though it may have happened before.
    Ask {
        /// To sign in.
        login: bool,
        /// To agree.
        consent: bool,
    },
}

/// What a shop asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationRequest {
    /// Who asks.
    pub client: LoginClientId,
    /// Where the buyer goes back to.
    pub redirect_uri: RedirectUri,
    /// What the shop finds its own page by.
    pub state: Option<String>,
    /// What it wants to see.
    pub scopes: Scopes,
    /// What it wants to find in the ID token.
    pub nonce: Option<String>,
    /// Whose secret exchanges the code.
    pub challenge: Option<Challenge>,
    /// What the buyer is to be asked.
    pub prompt: Prompt,
    /// The shop wants to know when the buyer signed in, and no longer ago than this.
    pub max_age_s: Option<u32>,
    /// An ID token of whom the shop believes its buyer to be.
    pub id_token_hint: Option<String>,
    /// The languages that the shop speaks with its buyer, the best first.
    pub ui_locales: Option<String>,
}

/// What a shop is told of its request: in the address that its buyer goes back to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// That address.
    pub redirect_uri: RedirectUri,
    /// What it finds its own page by.
    pub state: Option<String>,
    /// What went wrong.
    pub error: ErrorCode,
    /// In words, for its developer.
    pub description: String,
}

impl<'a> Asker<'a> {
    /// Who asks, as the request has it.
    pub fn read(params: &'a Params) -> Result<Self, Untold> {
        let once = |parameter| {
            let repeated = Untold { parameter, detail: "is there more than once" };
            let missing = Untold { parameter, detail: "is missing" };
            params.get(parameter).map_err(|_| repeated)?.ok_or(missing)
        };
        let unknown = |_| Untold { parameter: "client_id", detail: "is no client of this gateway" };
        Ok(Self {
            client: once("client_id")?.parse().map_err(unknown)?,
            redirect_uri: once("redirect_uri")?,
        })
    }

    /// The address, if it is exactly one of the client's.
    pub fn known_to(&self, client: &LoginClient) -> Result<RedirectUri, Untold> {
        let detail = "is not exactly one of the addresses that the shop registered";
        let known = client.redirect_uri(self.redirect_uri).cloned();
        known.ok_or(Untold { parameter: "redirect_uri", detail })
    }
}

impl AuthorizationRequest {
    /// Reads the rest of a request of a known client that goes back to one of its addresses.
    pub fn read(
        params: &Params,
        client: &LoginClient,
        back: RedirectUri,
    ) -> Result<Self, Box<Told>> {
        let state = text(params, "state", STATE_BYTES_MAX);
        let told = |fault: Fault, state: Option<String>| {
            let Fault { error, description } = fault;
            Box::new(Told { redirect_uri: back.clone(), state, error, description })
        };
        match state {
            Ok(state) => read(params, client, back.clone(), state.clone())
                .map_err(|fault| told(fault, state)),
            Err(fault) => Err(told(fault, None)),
        }
    }

    /// The request as a query, in one form whatever it came in.
    pub fn query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.client.to_string())
            .append_pair("redirect_uri", self.redirect_uri.as_str())
            .append_pair("scope", &self.scopes.to_string());
        let challenge = self.challenge.map(|challenge| challenge.text());
        let max_age = self.max_age_s.map(|seconds| seconds.to_string());
        for (name, value) in [
            ("state", self.state.as_deref()),
            ("nonce", self.nonce.as_deref()),
            ("code_challenge", challenge.as_deref()),
            ("code_challenge_method", challenge.as_ref().map(|_| "S256")),
            ("prompt", self.prompt.text()),
            ("max_age", max_age.as_deref()),
            ("id_token_hint", self.id_token_hint.as_deref()),
            ("ui_locales", self.ui_locales.as_deref()),
        ] {
            value.map(|value| query.append_pair(name, value));
        }
        query.finish()
    }

    /// The address that brings the buyer back with a code. `iss` says which provider answers (RFC 9207).
    pub fn with_code(&self, code: &str, issuer: &str) -> String {
        let mut pairs = vec![("code", code)];
        pairs.extend(self.state.as_deref().map(|state| ("state", state)));
        pairs.push(("iss", issuer));
        self.redirect_uri.with(&pairs)
    }

    /// What the shop is told when the buyer comes back without a code.
    pub fn refused(&self, error: ErrorCode, description: &str) -> Told {
        Told {
            redirect_uri: self.redirect_uri.clone(),
            state: self.state.clone(),
            error,
            description: description.to_owned(),
        }
    }
}

impl Told {
    /// The address that brings the buyer back.
    pub fn location(&self, issuer: &str) -> String {
        let mut pairs =
            vec![("error", self.error.name()), ("error_description", &self.description)];
        pairs.extend(self.state.as_deref().map(|state| ("state", state)));
        pairs.push(("iss", issuer));
        self.redirect_uri.with(&pairs)
    }
}

impl Prompt {
    /// Names with blanks between them. To choose an account is to sign in: there is one account in a browser.
    fn parse(text: &str) -> Option<Self> {
        let names: Vec<&str> = text.split(' ').filter(|name| !name.is_empty()).collect();
        if names == ["none"] {
            return Some(Self::Nothing);
        }
        names.iter().try_fold(Self::AsNeeded, |asked, name| {
            let (login, consent) = match asked {
                Self::Ask { login, consent } => (login, consent),
                Self::AsNeeded | Self::Nothing => (false, false),
            };
            match *name {
                "login" | "select_account" => Some(Self::Ask { login: true, consent }),
                "consent" => Some(Self::Ask { login, consent: true }),
                _ => None,
            }
        })
    }

    const fn text(self) -> Option<&'static str> {
        match self {
            Self::AsNeeded | Self::Ask { login: false, consent: false } => None,
            Self::Nothing => Some("none"),
            Self::Ask { login: true, consent: false } => Some("login"),
            Self::Ask { login: false, consent: true } => Some("consent"),
            Self::Ask { login: true, consent: true } => Some("login consent"),
        }
    }

    /// Whether the buyer is to sign in, though it may have before.
    pub const fn login(self) -> bool {
        matches!(self, Self::Ask { login: true, .. })
    }

    /// Whether the buyer is to agree, though it may have before.
    pub const fn consent(self) -> bool {
        matches!(self, Self::Ask { consent: true, .. })
    }
}

struct Fault {
    error: ErrorCode,
    description: String,
}

impl From<Repeated> for Fault {
    fn from(repeated: Repeated) -> Self {
        fault(ErrorCode::InvalidRequest, &repeated.to_string())
    }
}

fn fault(error: ErrorCode, description: &str) -> Fault {
    Fault { error, description: description.to_owned() }
}

fn invalid(description: &str) -> Fault {
    fault(ErrorCode::InvalidRequest, description)
}

fn read(
    params: &Params,
    client: &LoginClient,
    redirect_uri: RedirectUri,
    state: Option<String>,
) -> Result<AuthorizationRequest, Fault> {
    response_of(params)?;
    let scopes = params.get("scope")?.unwrap_or_default().parse();
    let scopes: Scopes =
        scopes.map_err(|_| fault(ErrorCode::InvalidScope, "`scope` must contain `openid`"))?;
    let prompt = params.get("prompt")?.map_or(Some(Prompt::AsNeeded), Prompt::parse);
    let max_age = params.get("max_age")?.map(str::parse).transpose();
    Ok(AuthorizationRequest {
        client: client.id,
        redirect_uri,
        state,
        scopes,
        nonce: text(params, "nonce", NONCE_BYTES_MAX)?,
        challenge: challenge(params, client.pkce)?,
        prompt: prompt.ok_or_else(|| {
            invalid("`prompt` is `none` alone, or some of `login`, `consent` and `select_account`")
        })?,
        max_age_s: max_age.map_err(|_| invalid("`max_age` is a whole number of seconds"))?,
        id_token_hint: text(params, "id_token_hint", HINT_BYTES_MAX)?,
        ui_locales: text(params, "ui_locales", LOCALES_BYTES_MAX)?,
    })
}

/// Refuses what would be answered in another way than with a code in the query.
fn response_of(params: &Params) -> Result<(), Fault> {
    for (name, error) in [
        ("request", ErrorCode::RequestNotSupported),
        ("request_uri", ErrorCode::RequestUriNotSupported),
        ("registration", ErrorCode::RegistrationNotSupported),
    ] {
        if params.get(name)?.is_some() {
            return Err(fault(error, &format!("`{name}` is not supported")));
        }
    }
    match params.get("response_type")? {
        Some("code") => {}
        Some(_) => {
            return Err(fault(ErrorCode::UnsupportedResponseType, "`response_type` is `code`"));
        }
        None => return Err(invalid("`response_type` is missing; it is `code`")),
    }
    match params.get("response_mode")? {
        None | Some("query") => Ok(()),
        Some(_) => Err(invalid("`response_mode` is `query`")),
    }
}

/// The challenge. Without a method it would be `plain`, which shows the secret to whoever reads the address.
fn challenge(params: &Params, pkce: Pkce) -> Result<Option<Challenge>, Fault> {
    let method = params.get("code_challenge_method")?;
    match (params.get("code_challenge")?, method, pkce) {
        (Some(text), Some("S256"), _) => {
            let challenge = Challenge::parse(text);
            let challenge = challenge.ok_or_else(|| {
                invalid("`code_challenge` is the SHA-256 of the verifier in base64url")
            })?;
            Ok(Some(challenge))
        }
        (Some(_), _, _) => Err(invalid("`code_challenge_method` is `S256`")),
        (None, Some(_), _) => Err(invalid("`code_challenge` is missing")),
        (None, None, Pkce::Required) => Err(invalid(
            "`code_challenge` is missing: this client was registered with `require_pkce`",
        )),
        (None, None, Pkce::Optional) => Ok(None),
    }
}

fn text(params: &Params, name: &'static str, bytes_max: usize) -> Result<Option<String>, Fault> {
    let value = params.get(name)?;
    let fits = |value: &str| value.len() <= bytes_max && !value.chars().any(char::is_control);
    if value.is_some_and(|value| !fits(value)) {
        let expected =
            format!("`{name}` has at most {bytes_max} bytes, without control characters");
        return Err(invalid(&expected));
    }
    Ok(value.map(str::to_owned))
}
