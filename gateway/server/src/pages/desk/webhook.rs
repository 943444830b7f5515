//! One endpoint: its settings, its secret, and what became of its deliveries.

use actix_web::{
    HttpResponse,
    web::{Path, Query},
};
use askama::Template;
use purser_core::ids::{DeliveryId, WebhookId};
use purser_store::{
    delivery::{Attempt, DeliveryState, Outcome},
    facts::webhook::{Webhook, webhook_delete},
    read::delivery::{StoredDelivery, deliveries_page},
};

use super::{
    scope,
    webhooks::{Kind, LIST, WebhookForm, secret_shown},
};
use crate::{
    app::webhook::{self, BEFORE_S, Wish},
    pages::{
        Answered,
        call::Nothing,
        form::Form,
        paging::{After, Pager},
        shell::{Flash, Shell},
        shown::Faults,
        visit::MerchantVisit,
    },
    problem::Problem,
};

#[derive(Template)]
#[template(path = "desk/webhook.html")]
struct WebhookPage<'a> {
    shell: &'a Shell,
    faults: Faults,
    webhook: Webhook,
    form: &'a WebhookForm,
    deliveries: Vec<StoredDelivery>,
    pager: Pager,
}

impl WebhookPage<'_> {
    fn kinds(&self) -> Vec<Kind> {
        Kind::all(&self.form.events)
    }

    fn tone(&self, state: &DeliveryState) -> &'static str {
        match state {
            DeliveryState::Delivered => "good",
            DeliveryState::Waiting => "warn",
            DeliveryState::Failed => "bad",
            DeliveryState::Skipped => "",
        }
    }
}

#[derive(Template)]
#[template(path = "desk/webhook_tested.html")]
struct TestedPage<'a> {
    shell: &'a Shell,
    id: WebhookId,
    attempts: Vec<Attempt>,
    delivered: bool,
}

/// The endpoint.
pub async fn page(visit: MerchantVisit, id: Path<String>, after: Query<After>) -> Answered {
    visit.require(scope::WEBHOOKS)?;
    let webhook = webhook::get(&visit.gateway, visit.id, known(&id)?).await?;
    let form = WebhookForm {
        url: webhook.url.clone(),
        events: webhook.kinds.clone(),
        plugin: webhook.plugin.clone(),
    };
    show(&visit, webhook, Faults::default(), (&form, &after)).await
}

/// Changes it.
pub async fn change(visit: MerchantVisit, id: Path<String>, form: Form<WebhookForm>) -> Answered {
    visit.require(scope::WEBHOOKS)?;
    let webhook = webhook::get(&visit.gateway, visit.id, known(&id)?).await?;
    let form = &form.fields;
    let scopes = webhook::scopes_for_change(&webhook, Some(&form.url), Some(&form.events));
    let changed = match scopes.iter().try_for_each(|scope| visit.require(scope)) {
        Ok(()) => webhook::change(&visit.gateway, visit.id, webhook.id, form.wish()).await,
        Err(problem) => Err(problem),
    };
    match changed {
        Ok(changed) => Ok(back(&visit, changed.id, &Flash::good("desk-webhook-changed"))),
        Err(problem) => {
            let faults = visit.mend(problem)?;
            show(&visit, webhook, faults, (form, &After::default())).await
        }
    }
}

/// Tells it nothing more until it is enabled again.
pub async fn disable(visit: MerchantVisit, id: Path<String>, _form: Form<Nothing>) -> Answered {
    enabled(&visit, &id, Some(false)).await
}

/// Tells it again, from where it stopped.
pub async fn enable(visit: MerchantVisit, id: Path<String>, _form: Form<Nothing>) -> Answered {
    enabled(&visit, &id, Some(true)).await
}

async fn enabled(visit: &MerchantVisit, id: &str, enabled: Option<bool>) -> Answered {
    visit.require(scope::WEBHOOKS)?;
    let wish = Wish { enabled, ..Wish::default() };
    let changed = webhook::change(&visit.gateway, visit.id, known(id)?, wish).await?;
    Ok(back(visit, changed.id, &Flash::good("desk-webhook-changed")))
}

/// Gives it another secret, which is shown this once.
pub async fn rotate(visit: MerchantVisit, id: Path<String>, _form: Form<Nothing>) -> Answered {
    visit.require(scope::WEBHOOKS)?;
    let rotated = webhook::rotate(&visit.gateway, visit.id, known(&id)?, BEFORE_S).await;
    let (row, secret) = rotated?;
    secret_shown(&visit, &row, &secret)
}

/// Calls it now, once, and shows what came back.
pub async fn test(visit: MerchantVisit, id: Path<String>, _form: Form<Nothing>) -> Answered {
    visit.require(scope::WEBHOOKS)?;
    let id = known(&id)?;
    let (_, attempts) = webhook::test(&visit.gateway, visit.id, id).await?;
    let delivered = attempts.last().is_some_and(|last| last.outcome == Outcome::Delivered);
    visit.show(&TestedPage { shell: &visit.shell, id, attempts, delivered }).send()
}

/// Deletes it, with all that was kept of its deliveries.
pub async fn delete(visit: MerchantVisit, id: Path<String>, _form: Form<Nothing>) -> Answered {
    visit.require(scope::WEBHOOKS)?;
    let (owner, id) = (visit.id, known(&id)?);
    if !visit.gateway.store.write(move |db| webhook_delete(db, owner, id)).await? {
        return Err(Problem::not_found());
    }
    Ok(visit.go_saying(LIST, &Flash::good("desk-webhook-deleted")))
}

/// Delivers something again.
pub async fn replay(
    visit: MerchantVisit,
    path: Path<(String, String)>,
    _form: Form<Nothing>,
) -> Answered {
    visit.require(scope::WEBHOOKS)?;
    let (id, delivery) = path.into_inner();
    let delivery: DeliveryId = delivery.parse().map_err(|_| Problem::not_found())?;
    let id = known(&id)?;
    webhook::replay(&visit.gateway, visit.id, id, delivery).await?;
    Ok(back(&visit, id, &Flash::good("desk-webhook-replayed")))
}

fn back(visit: &MerchantVisit, id: WebhookId, flash: &Flash) -> HttpResponse {
    visit.go_saying(&format!("{LIST}/{id}"), flash)
}

async fn show(
    visit: &MerchantVisit,
    webhook: Webhook,
    faults: Faults,
    (form, after): (&WebhookForm, &After),
) -> Result<HttpResponse, Problem> {
    let (id, page) = (webhook.id, after.page()?);
    let found = visit.gateway.store.read(move |db| deliveries_page(db, id, &page)).await?;
    let pager = after.pager(&format!("{LIST}/{id}"), found.next.as_deref());
    let deliveries = found.rows;
    let page = WebhookPage { shell: &visit.shell, faults, webhook, form, deliveries, pager };
    visit.show(&page).about(&page.faults).send()
}

fn known(id: &str) -> Result<WebhookId, Problem> {
    id.parse().map_err(|_| Problem::not_found())
}
