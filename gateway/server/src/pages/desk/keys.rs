//! A merchant's keys for the API, with what each may be used for and until when.

use actix_web::{HttpResponse, web::Path};
use askama::Template;
use purser_core::{ids::KeyId, secret::SecretText};
use purser_store::facts::api_key::{ApiKey, KeyOwner, api_key_delete, api_key_list};
use serde::Deserialize;

use super::scope;
use crate::{
    app::merchant::{KEY_EXPIRES_AT, Maker, api_key_add, scopes},
    pages::{
        Answered,
        call::{Nothing, end_of_day},
        form::Form,
        made::Made,
        shell::{Flash, Shell},
        shown::Faults,
        visit::MerchantVisit,
    },
    problem::Problem,
};

const LIST: &str = "/desk/keys";

#[derive(Template)]
#[template(path = "desk/keys.html")]
struct KeysPage<'a> {
    shell: &'a Shell,
    faults: Faults,
    keys: Vec<ApiKey>,
    /// What a new key may be allowed: no more than the one that makes it.
    scopes: &'a [String],
    form: &'a KeyForm,
}

impl KeysPage<'_> {
    fn is_chosen(&self, scope: &String) -> bool {
        self.form.scopes.contains(scope)
    }
}

/// A key to be made.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KeyForm {
    scopes: Vec<String>,
    expires_at: String,
}

/// The list.
pub async fn page(visit: MerchantVisit) -> Answered {
    visit.require(scope::KEYS)?;
    show(&visit, Faults::default(), &KeyForm::default()).await
}

/// Makes a key, and shows it this once.
pub async fn create(visit: MerchantVisit, form: Form<KeyForm>) -> Answered {
    visit.require(scope::KEYS)?;
    match made(&visit, &form.fields).await {
        Ok(key) => {
            let made = Made {
                title: visit.shell.t("desk-key-made"),
                lead: visit.shell.t("desk-shown-once"),
                shown: vec![(visit.shell.t("desk-key"), key.expose().to_owned())],
                back: LIST.to_owned(),
            };
            made.show(&visit)
        }
        Err(problem) => {
            let outlives = problem.with.contains_key(KEY_EXPIRES_AT);
            let mut faults = visit.mend(problem)?;
            if let Some(end) = visit.key_expires_at.filter(|_| outlives) {
                let end = visit.shell.time(&end);
                let said = visit.shell.say("desk-key-outlives").arg("end", end).to_string();
                faults.fields = vec![("expires_at".to_owned(), said)];
            }
            show(&visit, faults, &form.fields).await
        }
    }
}

/// Deletes a key: it stops working at once. Who deletes the key that the desk was opened with is signed out.
pub async fn delete(visit: MerchantVisit, id: Path<String>, _form: Form<Nothing>) -> Answered {
    visit.require(scope::KEYS)?;
    let id: KeyId = id.parse().map_err(|_| Problem::not_found())?;
    let owner = KeyOwner::Merchant(visit.id);
    let deleted = visit.gateway.store.write(move |db| api_key_delete(db, owner, id)).await?;
    if !deleted {
        return Err(Problem::not_found());
    }
    Ok(visit.go_saying(LIST, &Flash::good("desk-key-deleted").arg("id", id)))
}

async fn made(visit: &MerchantVisit, form: &KeyForm) -> Result<SecretText, Problem> {
    let scopes = scopes(&form.scopes)?;
    scopes.iter().try_for_each(|scope| visit.require(scope))?;
    let expires_at = end_of_day(&form.expires_at, "expires_at")?;
    let maker = Maker { owner: visit.id, expires_at: visit.key_expires_at };
    let (_, key) = api_key_add(&visit.gateway, maker, scopes, expires_at).await?;
    Ok(key)
}

async fn show(
    visit: &MerchantVisit,
    faults: Faults,
    form: &KeyForm,
) -> Result<HttpResponse, Problem> {
    let owner = KeyOwner::Merchant(visit.id);
    let keys = visit.gateway.store.read(move |db| api_key_list(db, owner)).await?;
    let page = KeysPage { shell: &visit.shell, faults, keys, scopes: &visit.scopes, form };
    visit.show(&page).about(&page.faults).send()
}
