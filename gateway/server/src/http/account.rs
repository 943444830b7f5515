//! Accounts, sessions and credentials.

use actix_web::{
    FromRequest, HttpRequest, HttpResponse,
    http::header::{CACHE_CONTROL, HeaderValue},
    web::{Bytes, Data},
};
use purser_core::ids::{AccountId, CardId};
use purser_money::Money;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    address::address,
    answer,
    auth::{self, Buyer},
    body::{self, Json},
    own_site::OwnSite,
};
use crate::{
    app::{
        credentials::{self, Change, Recovery},
        erase,
        session::{self, Login, Tokens},
        signup::{self, NewAccount},
        token,
    },
    gateway::Gateway,
    problem::{self, Problem},
};

type Answered = Result<HttpResponse, Problem>;

/// An e-mail as people type it, blanks around it and all.
#[derive(ToSchema)]
#[schema(
    as = Email,
    value_type = String,
    min_length = 3,
    max_length = 254,
    pattern = r"^[ \t\r\n]*[^@\s\x00-\x1F\x7F-\x9F]+@[^@\s\x00-\x1F\x7F-\x9F]+[ \t\r\n]*$",
    example = "ann@example.org"
)]
#[allow(dead_code, reason = "only described here; the use case reads the text")]
pub struct EmailText(String);

/// What an account is opened with. Nothing of it is kept but a slow hash of all three together.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AccountRequest)]
pub struct AccountIn {
    /// Upper and lower case are the same. No mail is ever sent to it.
    #[schema(value_type = EmailText)]
    email: String,
    /// 6 to 8 digits.
    #[schema(pattern = "^[0-9]{6,8}$", example = "493817")]
    pin: String,
    /// 8 to 256 characters.
    #[schema(min_length = 8, max_length = 256, example = "correct horse battery staple")]
    password: String,
    /// Where the buyer consumes: ISO 3166-1, optionally with a subdivision. Taxes depend on it.
    #[schema(pattern = "^[A-Z]{2}(-[A-Z0-9]{1,3})?$", example = "DE")]
    country: Option<String>,
}

/// An account and its vault.
#[derive(Serialize, ToSchema)]
pub struct Account {
    /// Its name.
    #[schema(value_type = String)]
    id: AccountId,
    /// Its vault.
    vault: answer::Vault,
    /// The only way back if PIN or password are lost. Shown here and never again.
    recovery_code: String,
}

/// Open an account. It always succeeds: the same e-mail, PIN and password again are the same account.
#[utoipa::path(post, path = "/v1/accounts", tag = "account", request_body = AccountIn,
    responses((status = 201, body = Account), super::openapi::Problems))]
pub async fn account_create(
    gateway: Data<Gateway>,
    request: HttpRequest,
    _: OwnSite,
    Json(input): Json<AccountIn>,
) -> Answered {
    let AccountIn { email, pin, password, country } = input;
    let new = NewAccount::parse(&gateway, &email, &pin, &password, country.as_deref())?;
    let opened = signup::sign_up(&gateway, new, address(&request)).await?;
    let account = Account {
        id: opened.vault.account,
        vault: answer::Vault::of(&gateway, opened.vault),
        recovery_code: opened.recovery_code.expose().to_owned(),
    };
    Ok(HttpResponse::Created().insert_header(no_store()).json(account))
}

/// What somebody signs in with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SessionRequest)]
pub struct SessionIn {
    /// The e-mail.
    #[schema(example = "ann@example.org")]
    email: String,
    /// The PIN.
    #[schema(example = "493817")]
    pin: String,
    /// The password.
    #[schema(example = "correct horse battery staple")]
    password: String,
}

/// The tokens of a session.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
pub struct SessionTokens {
    /// To be sent as `Authorization: Bearer`.
    access_token: String,
    /// Always `Bearer`.
    #[schema(pattern = "^Bearer$")]
    token_type: &'static str,
    /// Seconds for which the access token is good.
    expires_in: i64,
    /// To be exchanged for new tokens, once. A second use ends the session.
    refresh_token: String,
}

impl SessionTokens {
    fn answer(tokens: &Tokens) -> HttpResponse {
        HttpResponse::Ok().insert_header(no_store()).json(Self {
            access_token: tokens.access.expose().to_owned(),
            token_type: "Bearer",
            expires_in: token::EXPIRES_IN,
            refresh_token: tokens.refresh.expose().to_owned(),
        })
    }
}

/// Sign in.
#[utoipa::path(post, path = "/v1/sessions", tag = "account", request_body = SessionIn,
    responses((status = 200, body = SessionTokens), super::openapi::Problems))]
pub async fn session_create(
    gateway: Data<Gateway>,
    request: HttpRequest,
    _: OwnSite,
    Json(input): Json<SessionIn>,
) -> Answered {
    let login = Login { email: &input.email, pin: &input.pin, password: &input.password };
    let tokens = session::sign_in(&gateway, &login, address(&request)).await?;
    Ok(SessionTokens::answer(&tokens))
}

/// A refresh token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RefreshRequest)]
pub struct RefreshIn {
    /// The newest one of the session.
    refresh_token: String,
}

/// Exchange a refresh token for new tokens.
#[utoipa::path(post, path = "/v1/sessions/refresh", tag = "account", request_body = RefreshIn,
    responses((status = 200, body = SessionTokens), super::openapi::Problems))]
pub async fn session_refresh(
    gateway: Data<Gateway>,
    _: OwnSite,
    Json(input): Json<RefreshIn>,
) -> Answered {
    let tokens = session::refresh(&gateway, &input.refresh_token).await?;
    Ok(SessionTokens::answer(&tokens))
}

/// Sign out: the session's tokens stop working at once.
#[utoipa::path(delete, path = "/v1/sessions/current", tag = "account", security(("buyer" = [])),
    responses((status = 204), super::openapi::Problems))]
pub async fn session_delete(gateway: Data<Gateway>, buyer: Buyer) -> Answered {
    session::sign_out(&gateway, buyer.session).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Other credentials, shown the old ones and an access token. What is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CredentialsChange)]
pub struct ChangeIn {
    /// The PIN until now.
    pin: String,
    /// The password until now.
    password: String,
    /// 6 to 8 digits.
    #[schema(pattern = "^[0-9]{6,8}$")]
    new_pin: Option<String>,
    /// 8 to 256 characters.
    #[schema(min_length = 8, max_length = 256)]
    new_password: Option<String>,
}

/// Other credentials, shown the recovery code and nothing else.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CredentialsRecovery)]
pub struct RecoveryIn {
    /// The recovery code. It is used up by this.
    recovery_code: String,
    /// What to sign in with from now on.
    #[schema(value_type = EmailText)]
    email: String,
    /// 6 to 8 digits.
    #[schema(pattern = "^[0-9]{6,8}$", example = "493817")]
    new_pin: String,
    /// 8 to 256 characters.
    #[schema(min_length = 8, max_length = 256, example = "correct horse battery staple")]
    new_password: String,
}

/// One of the two ways.
#[derive(ToSchema)]
#[serde(untagged)]
#[schema(as = CredentialsRequest)]
#[allow(dead_code, reason = "which of them it is, the body says; here they are only described")]
pub enum CredentialsIn {
    /// With the old credentials.
    Change(ChangeIn),
    /// With the recovery code.
    Recovery(RecoveryIn),
}

/// What came of a change.
#[derive(Serialize, ToSchema)]
pub struct CredentialsChanged {
    /// A new recovery code, after the old one was used up; otherwise the old one stays good. Shown here and never
    /// again.
    #[schema(required = true)]
    recovery_code: Option<String>,
}

/// Change PIN, password, both or neither. Every session ends at once, that of this call too.
#[utoipa::path(post, path = "/v1/account/credentials", tag = "account", security((), ("buyer" = [])),
    request_body = CredentialsIn,
    responses((status = 200, body = CredentialsChanged), super::openapi::Problems))]
pub async fn credentials_change(
    gateway: Data<Gateway>,
    request: HttpRequest,
    _: OwnSite,
    bytes: Bytes,
) -> Answered {
    let body: Value = body::parse(&bytes)?;
    let recovery_code = if body.get("recovery_code").is_some() {
        Some(recover(&gateway, &request, &body::parse(&bytes)?).await?)
    } else {
        change(&gateway, &request, &bytes).await.map(|()| None)?
    };
    Ok(HttpResponse::Ok().insert_header(no_store()).json(CredentialsChanged { recovery_code }))
}

async fn recover(
    gateway: &Gateway,
    request: &HttpRequest,
    input: &RecoveryIn,
) -> Result<String, Problem> {
    let RecoveryIn { recovery_code, email, new_pin, new_password } = input;
    let recovery = Recovery { code: recovery_code, email, new_pin, new_password };
    let next = credentials::recover(gateway, address(request), &recovery).await?;
    Ok(next.expose().to_owned())
}

async fn change(gateway: &Gateway, request: &HttpRequest, body: &[u8]) -> Result<(), Problem> {
    let buyer = Buyer::extract(request).await?;
    let input: ChangeIn = body::parse(body)?;
    let change = Change {
        pin: &input.pin,
        password: &input.password,
        new_pin: input.new_pin.as_deref(),
        new_password: input.new_password.as_deref(),
    };
    credentials::change(gateway, &buyer.access, address(request), &change).await
}

/// What erases an account, beside the token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EraseRequest)]
pub struct EraseIn {
    /// The PIN.
    pin: String,
    /// The password.
    password: String,
}

/// Erase what identifies the account. What was left in the vault is put on a card, whose code is in the answer.
#[utoipa::path(delete, path = "/v1/account", tag = "account", security(("buyer" = [])),
    params(super::openapi::IdempotencyKey), request_body = EraseIn,
    responses((status = 200, body = answer::Erased), super::openapi::Problems))]
pub async fn account_delete(
    gateway: Data<Gateway>,
    request: HttpRequest,
    _: OwnSite,
    bytes: Bytes,
) -> Answered {
    let erased = match Buyer::extract(&request).await {
        Ok(buyer) => erase_now(&gateway, &request, &buyer, &bytes).await?,
        Err(problem) if problem.kind == problem::NOT_AUTHENTICATED => {
            erased_before(&gateway, &request, &bytes).await?.ok_or(problem)?
        }
        Err(problem) => return Err(problem),
    };
    let compensation = erased.map(|left| answer::Compensation::of(&gateway, left));
    Ok(HttpResponse::Ok().insert_header(no_store()).json(answer::Erased { compensation }))
}

/// The card that holds what was left, if anything was.
type Left = Option<(CardId, Money)>;

async fn erase_now(
    gateway: &Gateway,
    request: &HttpRequest,
    buyer: &Buyer,
    body: &[u8],
) -> Result<Left, Problem> {
    let (claim, answered) = buyer.key.claim(gateway, request, body)?;
    if let Some(outcome) = answered {
        return erase::erased(outcome);
    }
    let EraseIn { pin, password } = body::parse(body)?;
    credentials::confirm(gateway, &buyer.access, address(request), &pin, &password).await?;
    erase::erase(gateway, &buyer.payer(), claim).await
}

/// An erasure ends the session that asked for it; its retry gets the same answer all the same.
async fn erased_before(
    gateway: &Gateway,
    request: &HttpRequest,
    body: &[u8],
) -> Result<Option<Left>, Problem> {
    let Some(key) = auth::answered_before(request).await? else { return Ok(None) };
    let answered = key.claim(gateway, request, body).ok().and_then(|(_, answered)| answered);
    answered.map(erase::erased).transpose()
}

/// Answers with secrets in them are kept by no cache (RFC 6749, section 5.1).
fn no_store() -> (actix_web::http::header::HeaderName, HeaderValue) {
    (CACHE_CONTROL, HeaderValue::from_static("no-store"))
}
