//! The merchant's calls about webhooks: endpoints, their secrets, and what became of deliveries.

mod shape;

use actix_web::{
    HttpResponse,
    web::{Bytes as Raw, Data, Path},
};
use purser_core::{
    ids::{DeliveryId, WebhookId},
    webhook::EVERY_KIND,
};
use purser_store::{
    facts::webhook::{webhook_delete as webhook_remove, webhook_list},
    read::delivery::deliveries_page,
};
use serde::Deserialize;
use utoipa::ToSchema;

pub use self::shape::{AttemptOut, DeliveryOut, Tested, WebhookMade, WebhookOut};
use super::{Answered, PageParams, PageQuery, ShortListQuery, answer};
use crate::{
    app::webhook::{self, BEFORE_S, BEFORE_S_MAX, Wish},
    gateway::Gateway,
    http::{
        auth::Merchant,
        body::{self, Json},
        openapi,
        operator::Nothing,
    },
    problem::Problem,
};

/// What a key needs for all of these.
const SCOPE: &str = "webhooks";

fn known(id: &str) -> Result<WebhookId, Problem> {
    id.parse().map_err(|_| Problem::not_found())
}

/// The merchant's endpoints.
#[utoipa::path(get, path = "/v1/webhooks", tag = "merchant", security(("merchant" = [])), params(PageParams),
    responses((status = 200, body = answer::Page<WebhookOut>), openapi::Problems))]
pub async fn webhooks_list(
    gateway: Data<Gateway>,
    merchant: Merchant,
    list: ShortListQuery,
) -> Answered {
    merchant.require(SCOPE)?;
    let id = merchant.id;
    let rows = gateway.store.read(move |db| webhook_list(db, id)).await?;
    Ok(HttpResponse::Ok().json(list.page(rows, |row| row.id.to_string(), WebhookOut::from)))
}

/// An endpoint to be told of events.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WebhookRequest)]
pub struct WebhookIn {
    /// Where it is: https, on the internet. In a sandbox also http, and on the same machine.
    #[schema(format = "uri", max_length = 2048, example = "https://shop.example/hooks")]
    url: String,
    /// `["*"]` for all kinds of events, those to come included, or some of them; all, if left out.
    #[schema(min_items = 1, max_items = 9, example = json!(["*"]))]
    events: Option<Vec<String>>,
    /// The plugin that words what it is told: `webhook-standard`, if left out, or `webhook-chat`, or another that the
    /// operator has enabled.
    #[schema(max_length = 100)]
    plugin: Option<String>,
    /// Whether it is told anything yet; it is, if left out.
    enabled: Option<bool>,
}

/// Make an endpoint. It is told of what happens from now on. The secret is shown this once. The key also needs the scope
/// `sales:read`, and `payouts:read` for events of payouts.
#[utoipa::path(post, path = "/v1/webhooks", tag = "merchant", security(("merchant" = [])), request_body = WebhookIn,
    responses((status = 201, body = WebhookMade), openapi::Problems))]
pub async fn webhook_create(
    gateway: Data<Gateway>,
    merchant: Merchant,
    Json(input): Json<WebhookIn>,
) -> Answered {
    merchant.require(SCOPE)?;
    let WebhookIn { url, events, plugin, enabled } = input;
    let kinds = events.unwrap_or_else(|| vec![EVERY_KIND.to_owned()]);
    webhook::scopes_for(kinds.iter()).iter().try_for_each(|scope| merchant.require(scope))?;
    let wish = Wish { url: Some(url), kinds: Some(kinds), plugin, enabled };
    let (row, secret) = webhook::create(&gateway, merchant.id, wish).await?;
    Ok(HttpResponse::Created().json(WebhookMade::of(row, &secret)))
}

/// One endpoint.
#[utoipa::path(get, path = "/v1/webhooks/{id}", tag = "merchant", security(("merchant" = [])),
    params(("id" = String, Path)), responses((status = 200, body = WebhookOut), openapi::Problems))]
pub async fn webhook_get(gateway: Data<Gateway>, merchant: Merchant, id: Path<String>) -> Answered {
    merchant.require(SCOPE)?;
    let row = webhook::get(&gateway, merchant.id, known(&id)?).await?;
    Ok(HttpResponse::Ok().json(WebhookOut::from(row)))
}

/// What is to be different at an endpoint.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WebhookChange)]
pub struct WebhookChange {
    /// Where it is.
    #[schema(format = "uri", max_length = 2048)]
    url: Option<String>,
    /// What it is told of from now on.
    #[schema(min_items = 1, max_items = 9)]
    events: Option<Vec<String>>,
    /// The plugin that words it.
    #[schema(max_length = 100)]
    plugin: Option<String>,
    /// Whether it is told anything. One that is enabled again goes on where it stopped.
    enabled: Option<bool>,
}

/// Change an endpoint, or enable one that was disabled. For another address and for more events the key also needs the
/// scope `sales:read`, and `payouts:read` for events of payouts.
#[utoipa::path(patch, path = "/v1/webhooks/{id}", tag = "merchant", security(("merchant" = [])),
    params(("id" = String, Path)), request_body = WebhookChange,
    responses((status = 200, body = WebhookOut), openapi::Problems))]
pub async fn webhook_change(
    gateway: Data<Gateway>,
    merchant: Merchant,
    id: Path<String>,
    Json(input): Json<WebhookChange>,
) -> Answered {
    merchant.require(SCOPE)?;
    let id = known(&id)?;
    let WebhookChange { url, events, plugin, enabled } = input;
    if url.is_some() || events.is_some() {
        let told = webhook::get(&gateway, merchant.id, id).await?;
        let scopes = webhook::scopes_for_change(&told, url.as_deref(), events.as_deref());
        scopes.iter().try_for_each(|scope| merchant.require(scope))?;
    }
    let wish = Wish { url, kinds: events, plugin, enabled };
    let row = webhook::change(&gateway, merchant.id, id, wish).await?;
    Ok(HttpResponse::Ok().json(WebhookOut::from(row)))
}

/// Delete an endpoint, with all that was kept of its deliveries.
#[utoipa::path(delete, path = "/v1/webhooks/{id}", tag = "merchant", security(("merchant" = [])),
    params(("id" = String, Path)), responses((status = 204), openapi::Problems))]
pub async fn webhook_delete(
    gateway: Data<Gateway>,
    merchant: Merchant,
    id: Path<String>,
) -> Answered {
    merchant.require(SCOPE)?;
    let (owner, id) = (merchant.id, known(&id)?);
    if gateway.store.write(move |db| webhook_remove(db, owner, id)).await? {
        return Ok(HttpResponse::NoContent().finish());
    }
    Err(Problem::not_found())
}

/// For how long the present secret stays good.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WebhookRotation)]
pub struct RotationIn {
    /// Seconds in which deliveries are signed with both; a day, if left out. With 0 the present one ends at once.
    #[schema(minimum = 0, maximum = 604_800)]
    old_secret_expires_in: Option<i64>,
}

/// Give an endpoint another secret, which is shown this once. For a while deliveries are signed with both.
#[utoipa::path(post, path = "/v1/webhooks/{id}/rotate", tag = "merchant", security(("merchant" = [])),
    params(("id" = String, Path)), request_body = RotationIn,
    responses((status = 201, body = WebhookMade), openapi::Problems))]
pub async fn webhook_rotate(
    gateway: Data<Gateway>,
    merchant: Merchant,
    id: Path<String>,
    Json(input): Json<RotationIn>,
) -> Answered {
    merchant.require(SCOPE)?;
    let before_s = input.old_secret_expires_in.unwrap_or(BEFORE_S);
    if !(0..=BEFORE_S_MAX).contains(&before_s) {
        let detail = format!("from 0 to {BEFORE_S_MAX} seconds");
        return Err(Problem::malformed("old_secret_expires_in", detail));
    }
    let (row, secret) = webhook::rotate(&gateway, merchant.id, known(&id)?, before_s).await?;
    Ok(HttpResponse::Created().json(WebhookMade::of(row, &secret)))
}

/// Send an endpoint a `webhook.test` event now, once, and see what comes back.
#[utoipa::path(post, path = "/v1/webhooks/{id}/test", tag = "merchant", security(("merchant" = [])),
    params(("id" = String, Path)), responses((status = 200, body = Tested), openapi::Problems))]
pub async fn webhook_test(
    gateway: Data<Gateway>,
    merchant: Merchant,
    id: Path<String>,
    bytes: Raw,
) -> Answered {
    merchant.require(SCOPE)?;
    let Nothing {} = body::parse(&bytes)?;
    let (event, attempts) = webhook::test(&gateway, merchant.id, known(&id)?).await?;
    Ok(HttpResponse::Ok().json(Tested::of(event, attempts)))
}

/// What became of an endpoint's deliveries: every try, with what came back.
#[utoipa::path(get, path = "/v1/webhooks/{id}/deliveries", tag = "merchant", security(("merchant" = [])),
    params(("id" = String, Path), PageParams),
    responses((status = 200, body = answer::Page<DeliveryOut>), openapi::Problems))]
pub async fn deliveries_list(
    gateway: Data<Gateway>,
    merchant: Merchant,
    id: Path<String>,
    PageQuery(page): PageQuery,
) -> Answered {
    merchant.require(SCOPE)?;
    let id = webhook::get(&gateway, merchant.id, known(&id)?).await?.id;
    let rows = gateway.store.read(move |db| deliveries_page(db, id, &page)).await?;
    Ok(HttpResponse::Ok().json(answer::Page::of(rows, DeliveryOut::from)))
}

/// Deliver something again, whatever became of it before: under the same `webhook-id`.
#[utoipa::path(post, path = "/v1/webhooks/{id}/deliveries/{delivery}/replay", tag = "merchant",
    security(("merchant" = [])), params(("id" = String, Path), ("delivery" = String, Path)),
    responses((status = 200, body = DeliveryOut), openapi::Problems))]
pub async fn delivery_replay(
    gateway: Data<Gateway>,
    merchant: Merchant,
    path: Path<(String, String)>,
    bytes: Raw,
) -> Answered {
    merchant.require(SCOPE)?;
    let Nothing {} = body::parse(&bytes)?;
    let (id, delivery) = path.into_inner();
    let delivery: DeliveryId = delivery.parse().map_err(|_| Problem::not_found())?;
    let row = webhook::replay(&gateway, merchant.id, known(&id)?, delivery).await?;
    Ok(HttpResponse::Ok().json(DeliveryOut::from(row)))
}
