//! What the software of shops asks the login: who it is about, its keys, tokens for a code, and what they show.
//!
//! Unlike the rest of the API these speak as RFC 6749 and OpenID Connect have it: forms in, JSON out, and errors by
//! their names there, so that any library for shops understands them.

mod credentials;
pub mod discovery;
mod refusal;
mod shape;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{CACHE_CONTROL, PRAGMA},
    web::{Bytes as Raw, Data},
};
use purser_core::login::{error::ErrorCode, params::Params};

pub use self::shape::{OauthError, RevocationIn, TokenIn, TokenOut, Userinfo};
use self::{
    credentials::{bearer, client, form},
    refusal::{Refusal, answer},
};
use crate::{
    app::oidc::{
        fault::Fault,
        token::{self, CodeShown, Issued},
        userinfo::{self, revoke as revoke_token},
    },
    gateway::Gateway,
};

/// Exchange a code or a refresh token for tokens. Clients show id and secret with `Authorization: Basic`, or in the form.
#[utoipa::path(post, path = "/oauth/token", tag = "login", security(("login_client" = [])),
    request_body(content = TokenIn, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = TokenOut), (status = 400, body = OauthError, description = "Refused, by a name of RFC 6749"), (status = 401, body = OauthError, description = "Without credentials that are good")))]
pub async fn token(gateway: Data<Gateway>, request: HttpRequest, body: Raw) -> HttpResponse {
    let issued = issue(&gateway, &request, &body).await;
    answer(issued.map(|issued| {
        let tokens = TokenOut::from(issued);
        // RFC 6749, section 5.1, wants both.
        HttpResponse::Ok()
            .insert_header((CACHE_CONTROL, "no-store"))
            .insert_header((PRAGMA, "no-cache"))
            .json(tokens)
    }))
}

async fn issue(gateway: &Gateway, request: &HttpRequest, body: &[u8]) -> Result<Issued, Refusal> {
    let params = form(request, body)?;
    let client = client(gateway, request, &params).await?;
    let issued = match once(&params, "grant_type")? {
        "authorization_code" => {
            let shown = CodeShown {
                code: once(&params, "code")?,
                redirect_uri: once(&params, "redirect_uri")?,
                verifier: params.get("code_verifier").map_err(Fault::from)?,
            };
            token::exchange(gateway, &client, &shown).await
        }
        "refresh_token" => {
            let scope = params.get("scope").map_err(Fault::from)?;
            token::refresh(gateway, &client, once(&params, "refresh_token")?, scope).await
        }
        _ => Err(Fault::new(
            ErrorCode::UnsupportedGrantType,
            "`grant_type` is `authorization_code` or `refresh_token`",
        )),
    };
    Ok(issued?)
}

/// Give a token back: whatever it came from ends (RFC 7009). Tokens that are nobody's are answered alike.
#[utoipa::path(post, path = "/oauth/revoke", tag = "login", security(("login_client" = [])),
    request_body(content = RevocationIn, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "It ends nothing any more"), (status = 400, body = OauthError, description = "Refused, by a name of RFC 6749"),
        (status = 401, body = OauthError, description = "Without credentials that are good")))]
pub async fn revoke(gateway: Data<Gateway>, request: HttpRequest, body: Raw) -> HttpResponse {
    let revoked = async {
        let params = form(&request, &body)?;
        let client = client(&gateway, &request, &params).await?;
        revoke_token(&gateway, &client, once(&params, "token")?).await?;
        Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).finish())
    };
    answer(revoked.await)
}

/// What a shop sees of its buyer: a name, a user name and an e-mail that are made for this shop alone.
#[utoipa::path(get, path = "/oauth/userinfo", tag = "login", security(("login_token" = [])),
    responses((status = 200, body = Userinfo), (status = 401, body = OauthError, description = "Without credentials that are good")))]
pub async fn userinfo(gateway: Data<Gateway>, request: HttpRequest) -> HttpResponse {
    shown(&gateway, &request, b"").await
}

/// The same. The token may also be in the form, as `access_token`.
#[utoipa::path(post, path = "/oauth/userinfo", tag = "login", security(("login_token" = [])),
    responses((status = 200, body = Userinfo), (status = 401, body = OauthError, description = "Without credentials that are good")))]
pub async fn userinfo_post(
    gateway: Data<Gateway>,
    request: HttpRequest,
    body: Raw,
) -> HttpResponse {
    shown(&gateway, &request, &body).await
}

async fn shown(gateway: &Gateway, request: &HttpRequest, body: &[u8]) -> HttpResponse {
    let identity = async {
        let token = bearer(request, body)?;
        Ok(userinfo::userinfo(gateway, token.expose()).await?)
    };
    answer(identity.await.map(|identity| {
        HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(Userinfo::from(identity))
    }))
}

fn once<'a>(params: &'a Params, name: &'static str) -> Result<&'a str, Fault> {
    let missing = || Fault::new(ErrorCode::InvalidRequest, format!("`{name}` is missing"));
    params.get(name)?.ok_or_else(missing)
}
