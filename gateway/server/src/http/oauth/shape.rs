//! Forms and answers, as they are described.

use purser_core::login::id_token::Identity;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::oidc::{access::EXPIRES_IN, fault::Fault, token::Issued};

/// What a client asks for tokens with.
#[derive(Deserialize, ToSchema)]
#[schema(as = TokenRequest)]
#[allow(dead_code, reason = "read as parameters of OAuth; here it is only described")]
pub struct TokenIn {
    /// `authorization_code` or `refresh_token`.
    #[schema(pattern = "^(authorization_code|refresh_token)$", example = "authorization_code")]
    grant_type: String,
    /// The code that the buyer came back with.
    code: Option<String>,
    /// The address that the code was sent to.
    #[schema(format = "uri")]
    redirect_uri: Option<String>,
    /// The secret behind the challenge.
    #[schema(min_length = 43, max_length = 128)]
    code_verifier: Option<String>,
    /// The token to be exchanged.
    refresh_token: Option<String>,
    /// Less than was agreed to.
    scope: Option<String>,
    /// Where the header does not say who asks.
    client_id: Option<String>,
    /// Likewise.
    client_secret: Option<String>,
}

/// The tokens of a client.
#[derive(Serialize, ToSchema)]
#[schema(as = LoginTokens)]
pub struct TokenOut {
    /// Shows what the shop may see, and nothing else.
    access_token: String,
    /// Always `Bearer`.
    #[schema(pattern = "^Bearer$")]
    token_type: &'static str,
    /// Seconds for which the access token is good.
    expires_in: i64,
    /// To be exchanged for new tokens, once. Only with `offline_access`.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    /// Says who logged in.
    id_token: String,
    /// What the access token shows.
    scope: String,
}

impl From<Issued> for TokenOut {
    fn from(issued: Issued) -> Self {
        Self {
            access_token: issued.access.expose().to_owned(),
            token_type: "Bearer",
            expires_in: EXPIRES_IN,
            refresh_token: issued.refresh.map(|token| token.expose().to_owned()),
            id_token: issued.id_token,
            scope: issued.scopes.to_string(),
        }
    }
}

/// A token to be given back.
#[derive(Deserialize, ToSchema)]
#[schema(as = RevocationRequest)]
#[allow(dead_code, reason = "read as parameters of OAuth; here it is only described")]
pub struct RevocationIn {
    /// An access or refresh token.
    token: String,
    /// Not needed.
    token_type_hint: Option<String>,
    /// Where the header does not say who asks.
    client_id: Option<String>,
    /// Likewise.
    client_secret: Option<String>,
}

/// What a shop sees of its buyer.
#[derive(Serialize, ToSchema)]
pub struct Userinfo {
    /// The buyer, as this shop knows it.
    sub: String,
    /// A user name, made from it: with the scope `profile`.
    #[serde(skip_serializing_if = "Option::is_none")]
    preferred_username: Option<String>,
    /// An e-mail that nobody reads, made from it: with the scope `email`.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
}

impl From<Identity> for Userinfo {
    fn from(identity: Identity) -> Self {
        let Identity { sub, preferred_username, email } = identity;
        Self { sub, preferred_username, email }
    }
}

/// A refusal, as RFC 6749 writes it.
#[derive(Serialize, ToSchema)]
pub struct OauthError {
    /// The name of what is wrong.
    #[schema(example = "invalid_grant")]
    error: &'static str,
    /// In words, for the shop's developer.
    error_description: String,
}

impl From<Fault> for OauthError {
    fn from(fault: Fault) -> Self {
        Self { error: fault.error.name(), error_description: fault.description }
    }
}
