//! A merchant's keys for offers. Several live at once, so that one can take the place of another while offers are out.

use actix_web::{HttpResponse, web::Path};
use askama::Template;
use purser_core::ids::KeyId;
use purser_store::facts::offer_key::{StoredOfferKey, offer_key_list};
use serde::Deserialize;

use super::scope;
use crate::{
    app::merchant::{NewOfferKey, offer_key_add, offer_key_remove},
    pages::{
        Answered,
        call::{Nothing, given},
        form::Form,
        made::Made,
        shell::{Flash, Shell},
        shown::Faults,
        visit::MerchantVisit,
    },
    problem::Problem,
};

const LIST: &str = "/desk/offer-keys";

#[derive(Template)]
#[template(path = "desk/offer_keys.html")]
struct OfferKeysPage<'a> {
    shell: &'a Shell,
    faults: Faults,
    keys: Vec<StoredOfferKey>,
    form: &'a OfferKeyForm,
}

/// A key to be made or registered.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OfferKeyForm {
    alg: String,
    public_key: String,
}

/// The list.
pub async fn page(visit: MerchantVisit) -> Answered {
    visit.require(scope::KEYS)?;
    show(&visit, Faults::default(), &OfferKeyForm::default()).await
}

/// Makes a key whose secret is shown this once, or registers a public one.
pub async fn create(visit: MerchantVisit, form: Form<OfferKeyForm>) -> Answered {
    visit.require(scope::KEYS)?;
    match added(&visit, &form.fields).await {
        Ok(NewOfferKey { row, secret: Some(secret) }) => {
            let made = Made {
                title: visit.shell.t("desk-offer-key-made"),
                lead: visit.shell.t("desk-shown-once"),
                shown: vec![
                    ("kid".to_owned(), row.kid),
                    (visit.shell.t("desk-secret"), secret.expose().to_owned()),
                ],
                back: LIST.to_owned(),
            };
            made.show(&visit)
        }
        Ok(NewOfferKey { row, secret: None }) => {
            let flash = Flash::good("desk-offer-key-registered").arg("kid", row.kid);
            Ok(visit.go_saying(LIST, &flash))
        }
        Err(problem) => show(&visit, visit.mend(problem)?, &form.fields).await,
    }
}

/// Deletes a key: offers signed with it are refused from now on.
pub async fn delete(visit: MerchantVisit, kid: Path<String>, _form: Form<Nothing>) -> Answered {
    visit.require(scope::KEYS)?;
    let kid: KeyId = kid.parse().map_err(|_| Problem::not_found())?;
    if !offer_key_remove(&visit.gateway, visit.id, kid.to_string()).await? {
        return Err(Problem::not_found());
    }
    Ok(visit.go_saying(LIST, &Flash::good("desk-key-deleted").arg("id", kid)))
}

async fn added(visit: &MerchantVisit, form: &OfferKeyForm) -> Result<NewOfferKey, Problem> {
    let wanted = (form.alg.as_str(), given(&form.public_key));
    let key = NewOfferKey::wanted(&visit.gateway, visit.id, wanted)?;
    offer_key_add(&visit.gateway, key).await
}

async fn show(
    visit: &MerchantVisit,
    faults: Faults,
    form: &OfferKeyForm,
) -> Result<HttpResponse, Problem> {
    let id = visit.id;
    let keys = visit.gateway.store.read(move |db| offer_key_list(db, id)).await?;
    let page = OfferKeysPage { shell: &visit.shell, faults, keys, form };
    visit.show(&page).about(&page.faults).send()
}
