//! The merchant's calls about logging in: its shop as a client of OpenID Connect.

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use purser_core::{
    Timestamp,
    ids::LoginClientId,
    login::client::{IdTokenAlg, LoginClient, Pkce, RedirectUri},
    secret::SecretText,
};
use purser_store::facts::login_client::login_client_list;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Answered, PageParams, ShortListQuery, TITLE_CHARS_MAX, answer};
use crate::{
    app::oidc::client::{self, Wish},
    gateway::Gateway,
    http::{
        auth::Merchant,
        body::{self, Json},
        openapi,
    },
    problem::Problem,
};

/// A shop as a client of the login.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LoginClient)]
pub struct LoginClientOut {
    /// What the shop's library calls itself by.
    #[schema(value_type = String)]
    client_id: LoginClientId,
    /// What the merchant calls it.
    name: Option<String>,
    /// Where buyers go back to.
    #[schema(format = "uri")]
    redirect_uris: Vec<String>,
    /// Where they go when they have signed out.
    #[schema(format = "uri")]
    post_logout_redirect_uris: Vec<String>,
    /// Whether each request needs a challenge (RFC 7636).
    require_pkce: bool,
    /// How its ID tokens are signed.
    #[schema(pattern = "^(EdDSA|RS256)$")]
    id_token_signed_response_alg: &'static str,
    /// When it was registered.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// A new client, with its secret.
#[derive(Serialize, ToSchema)]
#[schema(as = LoginClientMade)]
pub struct LoginClientMade {
    /// What the shop shows to get tokens. Shown here and never again.
    client_secret: String,
    /// The client.
    #[serde(flatten)]
    client: LoginClientOut,
}

impl From<LoginClient> for LoginClientOut {
    fn from(client: LoginClient) -> Self {
        let texts = |uris: &[RedirectUri]| uris.iter().map(RedirectUri::to_string).collect();
        Self {
            client_id: client.id,
            redirect_uris: texts(&client.redirect_uris),
            post_logout_redirect_uris: texts(&client.post_logout_redirect_uris),
            require_pkce: client.pkce == Pkce::Required,
            id_token_signed_response_alg: client.id_token_alg.name(),
            created_at: client.created_at,
            name: client.name,
        }
    }
}

impl LoginClientMade {
    fn of(client: LoginClient, secret: &SecretText) -> Self {
        Self { client_secret: secret.expose().to_owned(), client: client.into() }
    }
}

/// A shop that is to be a client.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LoginClientRequest)]
pub struct LoginClientIn {
    /// Where buyers go back to, exactly: https; in a sandbox also http on the same machine.
    #[schema(min_items = 1, max_items = 10, example = json!(["https://shop.example/callback"]))]
    redirect_uris: Vec<String>,
    /// Where they may go when they have signed out.
    #[schema(max_items = 10, example = json!(["https://shop.example/"]))]
    post_logout_redirect_uris: Option<Vec<String>>,
    /// Whether each request needs a challenge (RFC 7636); it does, if left out.
    require_pkce: Option<bool>,
    /// How its ID tokens are signed; `EdDSA`, if left out.
    #[schema(pattern = "^(EdDSA|RS256)$")]
    id_token_signed_response_alg: Option<String>,
    /// What the merchant calls it, for itself.
    #[schema(min_length = 1, max_length = 200)]
    name: Option<String>,
}

impl LoginClientIn {
    /// The client that is meant.
    pub(crate) fn wish(self) -> Result<Wish, Problem> {
        let alg = self.id_token_signed_response_alg.as_deref();
        let alg = alg.map_or(Some(IdTokenAlg::EdDsa), IdTokenAlg::parse);
        let field = "id_token_signed_response_alg";
        let name = self.name.map(|name| body::text(&name, 1..=TITLE_CHARS_MAX, "name"));
        Ok(Wish {
            name: name.transpose()?,
            redirect_uris: self.redirect_uris,
            post_logout_redirect_uris: self.post_logout_redirect_uris.unwrap_or_default(),
            pkce: if self.require_pkce.unwrap_or(true) { Pkce::Required } else { Pkce::Optional },
            id_token_alg: alg.ok_or_else(|| Problem::malformed(field, "EdDSA or RS256"))?,
        })
    }
}

/// The merchant's clients of the login.
#[utoipa::path(get, path = "/v1/login-clients", tag = "merchant", security(("merchant" = [])), params(PageParams),
    responses((status = 200, body = answer::Page<LoginClientOut>), openapi::Problems))]
pub async fn login_clients_list(
    gateway: Data<Gateway>,
    merchant: Merchant,
    list: ShortListQuery,
) -> Answered {
    merchant.require("keys")?;
    let id = merchant.id;
    let rows = gateway.store.read(move |db| login_client_list(db, id)).await?;
    Ok(HttpResponse::Ok().json(list.page(rows, |row| row.id.to_string(), LoginClientOut::from)))
}

/// Register a shop as a client, so that its buyers log in here with any OpenID Connect library. The secret is shown this
/// once.
#[utoipa::path(post, path = "/v1/login-clients", tag = "merchant", security(("merchant" = [])),
    request_body = LoginClientIn, responses((status = 201, body = LoginClientMade), openapi::Problems))]
pub async fn login_client_create(
    gateway: Data<Gateway>,
    merchant: Merchant,
    Json(input): Json<LoginClientIn>,
) -> Answered {
    merchant.require("keys")?;
    let (client, secret) = client::register(&gateway, merchant.id, input.wish()?).await?;
    Ok(HttpResponse::Created().json(LoginClientMade::of(client, &secret)))
}

/// Withdraw a client: nobody logs in through it any more, and its tokens stop working at once.
#[utoipa::path(delete, path = "/v1/login-clients/{client_id}", tag = "merchant", security(("merchant" = [])),
    params(("client_id" = String, Path)), responses((status = 204), openapi::Problems))]
pub async fn login_client_delete(
    gateway: Data<Gateway>,
    merchant: Merchant,
    id: Path<String>,
) -> Answered {
    merchant.require("keys")?;
    let id: LoginClientId = id.parse().map_err(|_| Problem::not_found())?;
    if client::remove(&gateway, merchant.id, id).await? {
        return Ok(HttpResponse::NoContent().finish());
    }
    Err(Problem::not_found())
}
