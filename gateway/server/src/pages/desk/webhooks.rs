//! A merchant's endpoints, and new ones.

use actix_web::HttpResponse;
use askama::Template;
use purser_core::webhook::{EVENT_KINDS, EVERY_KIND, WebhookSecret};
use purser_store::facts::webhook::{Webhook, webhook_list};
use serde::Deserialize;

use super::scope;
use crate::{
    app::webhook::{self, STANDARD, Wish},
    pages::{
        Answered,
        call::given,
        form::Form,
        made::Made,
        shell::Shell,
        shown::Faults,
        visit::{MerchantVisit, Visit},
    },
    problem::Problem,
};

pub(super) const LIST: &str = "/desk/webhooks";

#[derive(Template)]
#[template(path = "desk/webhooks.html")]
struct WebhooksPage<'a> {
    shell: &'a Shell,
    faults: Faults,
    webhooks: Vec<Webhook>,
    form: &'a WebhookForm,
}

impl WebhooksPage<'_> {
    fn kinds(&self) -> Vec<Kind> {
        Kind::all(&self.form.events)
    }
}

/// A kind of events, in a form that chooses some.
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) chosen: bool,
}

impl Kind {
    pub(super) fn all(chosen: &[String]) -> Vec<Self> {
        let kinds = [EVERY_KIND].into_iter().chain(EVENT_KINDS);
        let kind = |name| Self { name, chosen: chosen.iter().any(|chosen| chosen == name) };
        kinds.map(kind).collect()
    }
}

/// What is said of an endpoint.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebhookForm {
    pub(super) url: String,
    pub(super) events: Vec<String>,
    pub(super) plugin: String,
}

impl WebhookForm {
    /// Everything that the form says.
    pub(super) fn wish(&self) -> Wish {
        Wish {
            url: Some(self.url.clone()),
            kinds: Some(self.events.clone()),
            plugin: given(&self.plugin).map(str::to_owned),
            enabled: None,
        }
    }
}

/// The list.
pub async fn page(visit: MerchantVisit) -> Answered {
    visit.require(scope::WEBHOOKS)?;
    let form = WebhookForm {
        events: vec![EVERY_KIND.to_owned()],
        plugin: STANDARD.to_owned(),
        ..WebhookForm::default()
    };
    show(&visit, Faults::default(), &form).await
}

/// Makes an endpoint, and shows its secret this once.
pub async fn create(visit: MerchantVisit, form: Form<WebhookForm>) -> Answered {
    visit.require(scope::WEBHOOKS)?;
    match made(&visit, &form.fields).await {
        Ok((row, secret)) => secret_shown(&visit, &row, &secret),
        Err(problem) => show(&visit, visit.mend(problem)?, &form.fields).await,
    }
}

async fn made(
    visit: &MerchantVisit,
    form: &WebhookForm,
) -> Result<(Webhook, WebhookSecret), Problem> {
    webhook::scopes_for(form.events.iter()).iter().try_for_each(|scope| visit.require(scope))?;
    webhook::create(&visit.gateway, visit.id, form.wish()).await
}

/// The secret of an endpoint.
pub(super) fn secret_shown(visit: &Visit, row: &Webhook, secret: &WebhookSecret) -> Answered {
    let made = Made {
        title: visit.shell.t("desk-webhook-made"),
        lead: visit.shell.t("desk-shown-once"),
        shown: vec![(visit.shell.t("desk-secret"), secret.text().expose().to_owned())],
        back: format!("{LIST}/{}", row.id),
    };
    made.show(visit)
}

async fn show(
    visit: &MerchantVisit,
    faults: Faults,
    form: &WebhookForm,
) -> Result<HttpResponse, Problem> {
    let id = visit.id;
    let webhooks = visit.gateway.store.read(move |db| webhook_list(db, id)).await?;
    let page = WebhooksPage { shell: &visit.shell, faults, webhooks, form };
    visit.show(&page).about(&page.faults).send()
}
