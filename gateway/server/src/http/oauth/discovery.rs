//! What the libraries of shops find out by themselves: OpenID Connect Discovery 1.0, and the public keys.

use actix_web::{HttpResponse, web::Data};
use purser_core::login::{client::IdTokenAlg, scope::SCOPES};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    app::oidc::key, gateway::Gateway, http::openapi, pages::words::Language, problem::Problem,
};

/// Public keys and documents change with a rotation or a new version, which nobody needs to see at once.
const CACHED: (&str, &str) = ("Cache-Control", "public, max-age=300");

/// Both ways of showing a secret that stock software knows.
const CLIENT_AUTH: [&str; 2] = ["client_secret_basic", "client_secret_post"];

/// What a client of OpenID Connect discovers.
#[derive(Debug, Serialize, ToSchema)]
pub struct Discovery {
    /// The issuer of receipts and tokens.
    #[schema(format = "uri")]
    issuer: String,
    /// Where buyers are sent to log in.
    #[schema(format = "uri")]
    authorization_endpoint: String,
    /// Where codes are exchanged.
    #[schema(format = "uri")]
    token_endpoint: String,
    /// What a shop sees of its buyer.
    #[schema(format = "uri")]
    userinfo_endpoint: String,
    /// Where tokens are given back.
    #[schema(format = "uri")]
    revocation_endpoint: String,
    /// Where buyers are sent to sign out.
    #[schema(format = "uri")]
    end_session_endpoint: String,
    /// Where its public keys are.
    #[schema(format = "uri")]
    jwks_uri: String,
    /// What can be asked for.
    scopes_supported: [&'static str; 4],
    /// Codes only.
    response_types_supported: [&'static str; 1],
    /// In the address only.
    response_modes_supported: [&'static str; 1],
    /// What is exchanged for tokens.
    grant_types_supported: [&'static str; 2],
    /// Each merchant knows a buyer by another name.
    subject_types_supported: [&'static str; 1],
    /// How ID tokens are signed, as the client was registered. Receipts are signed with `EdDSA`.
    id_token_signing_alg_values_supported: [&'static str; 2],
    /// How clients show their secrets.
    token_endpoint_auth_methods_supported: [&'static str; 2],
    /// Likewise when they give tokens back.
    revocation_endpoint_auth_methods_supported: [&'static str; 2],
    /// What challenges are made with.
    code_challenge_methods_supported: [&'static str; 1],
    /// What a buyer may be asked.
    prompt_values_supported: [&'static str; 4],
    /// All that is ever said of a buyer.
    claims_supported: [&'static str; 9],
    /// The languages of the pages.
    ui_locales_supported: [&'static str; 4],
    /// Every answer says who gives it (RFC 9207).
    authorization_response_iss_parameter_supported: bool,
    /// Claims come with scopes.
    claims_parameter_supported: bool,
    /// Request objects are not read.
    request_parameter_supported: bool,
    /// Nor fetched.
    request_uri_parameter_supported: bool,
}

/// Discovery: all that a stock library for logins needs to know.
#[utoipa::path(get, path = "/.well-known/openid-configuration", tag = "everyone",
    responses((status = 200, body = Discovery)))]
pub async fn openid_configuration(gateway: Data<Gateway>) -> HttpResponse {
    let at = |path: &str| format!("{}{path}", gateway.issuer);
    HttpResponse::Ok().insert_header(CACHED).json(Discovery {
        issuer: gateway.issuer.clone(),
        authorization_endpoint: at("/oauth/authorize"),
        token_endpoint: at("/oauth/token"),
        userinfo_endpoint: at("/oauth/userinfo"),
        revocation_endpoint: at("/oauth/revoke"),
        end_session_endpoint: at("/oauth/end-session"),
        jwks_uri: at("/.well-known/jwks.json"),
        scopes_supported: SCOPES,
        response_types_supported: ["code"],
        response_modes_supported: ["query"],
        grant_types_supported: ["authorization_code", "refresh_token"],
        subject_types_supported: ["pairwise"],
        id_token_signing_alg_values_supported: IdTokenAlg::ALL.map(IdTokenAlg::name),
        token_endpoint_auth_methods_supported: CLIENT_AUTH,
        revocation_endpoint_auth_methods_supported: CLIENT_AUTH,
        code_challenge_methods_supported: ["S256"],
        prompt_values_supported: ["none", "login", "consent", "select_account"],
        claims_supported: [
            "iss",
            "aud",
            "iat",
            "exp",
            "auth_time",
            "nonce",
            "sub",
            "preferred_username",
            "email",
        ],
        ui_locales_supported: Language::ALL.map(Language::code),
        authorization_response_iss_parameter_supported: true,
        claims_parameter_supported: false,
        request_parameter_supported: false,
        request_uri_parameter_supported: false,
    })
}

/// The public keys that receipts and ID tokens are checked with, old ones too.
#[utoipa::path(get, path = "/.well-known/jwks.json", tag = "everyone",
    responses((status = 200, body = serde_json::Value, description = "A JWK set (RFC 7517)"), openapi::Problems))]
pub async fn jwks(gateway: Data<Gateway>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().insert_header(CACHED).json(key::jwks(&gateway).await?))
}
