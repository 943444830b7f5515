//! Single cards: smart cards are registered and sold one by one, and any card can be looked up and blocked.

use actix_web::{
    HttpResponse,
    web::{Path, Query},
};
use askama::Template;
use purser_core::{
    command::Outcome,
    ids::CardId,
    record::{CardKind, CardStatus},
    text::is_plain,
};
use purser_store::read::card::{StoredCard, card_find_by_serial, card_get};
use serde::Deserialize;
use serde_json::json;

use super::SCOPE;
use crate::{
    app::stock::{self, Printed},
    http::operator::cards::SmartCardIn,
    pages::{
        Answered,
        call::{self, Nothing, given},
        form::{Form, typed_amount},
        made::Made,
        shell::{Flash, Shell},
        shown::Faults,
        visit::OperatorVisit,
    },
    problem::Problem,
};

const HERE: &str = "/operator/smart-cards";
/// Longer than any id or serial number.
const SOUGHT_CHARS_MAX: usize = 64;

#[derive(Template)]
#[template(path = "operator/smart_cards.html")]
struct SmartCardsPage<'a> {
    shell: &'a Shell,
    faults: Faults,
    form: &'a SmartCardForm,
    sought: &'a str,
    found: Option<StoredCard>,
}

impl SmartCardsPage<'_> {
    fn kind(&self, card: &StoredCard) -> &'static str {
        match card.kind {
            CardKind::Voucher => "voucher",
            CardKind::Smart => "smart",
            CardKind::Compensation => "compensation",
        }
    }

    fn may_activate(&self, card: &StoredCard) -> bool {
        card.kind == CardKind::Smart && card.status == CardStatus::Inactive
    }
}

/// A smart card to be registered. Its inputs are named as the fields of the API.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SmartCardForm {
    #[serde(rename = "face.amount")]
    amount: String,
    #[serde(rename = "face.currency")]
    currency: String,
    uid: String,
    #[serde(rename = "keys.meta_read")]
    meta_read: String,
    #[serde(rename = "keys.file_read")]
    file_read: String,
}

/// Which card is looked for.
#[derive(Debug, Deserialize)]
pub struct CardQuery {
    find: Option<String>,
}

/// The forms, and the card that is looked for.
pub async fn page(visit: OperatorVisit, query: Query<CardQuery>) -> Answered {
    let sought = query.find.as_deref().unwrap_or_default().trim();
    let found = find(&visit, sought).await?;
    let page = SmartCardsPage {
        shell: &visit.shell,
        faults: Faults::default(),
        form: &SmartCardForm::default(),
        sought,
        found,
    };
    visit.show(&page).send()
}

/// Registers a smart card, and shows its code this once.
pub async fn create(visit: OperatorVisit, form: Form<SmartCardForm>) -> Answered {
    match registered(&visit, &form.fields).await {
        Ok(Printed { record, code }) => {
            let made = Made {
                title: visit.shell.t("op-smart-card-made"),
                lead: visit.shell.t("op-smart-card-made-lead"),
                shown: vec![
                    (visit.shell.t("op-serial"), record.serial),
                    (visit.shell.t("op-code"), code.reveal().expose().to_owned()),
                ],
                back: format!("{HERE}?find={}", record.id),
            };
            made.show(&visit)
        }
        Err(problem) => {
            let faults = visit.mend(problem)?;
            // Keys are typed again.
            let SmartCardForm { amount, currency, uid, .. } = form.fields;
            let form = SmartCardForm { amount, currency, uid, ..SmartCardForm::default() };
            let (shell, sought, found) = (&visit.shell, "", None);
            let page = SmartCardsPage { shell, faults, form: &form, sought, found };
            visit.show(&page).about(&page.faults).send()
        }
    }
}

/// Sells a smart card: it is worth its face.
pub async fn activate(visit: OperatorVisit, id: Path<String>, form: Form<Nothing>) -> Answered {
    let card = known(&id)?;
    let (gateway, version) = (&visit.gateway, visit.facts_version);
    let activate = async |claim| stock::card_activate(gateway, version, claim, card).await;
    let outcome = form.answer(SCOPE, activate).await?;
    changed(&visit, outcome)
}

/// Blocks a card that was lost or stolen. What is on it stays owed.
pub async fn block(visit: OperatorVisit, id: Path<String>, _form: Form<Nothing>) -> Answered {
    let card = known(&id)?;
    let outcome = stock::card_block(&visit.gateway, visit.facts_version, card).await?;
    changed(&visit, outcome)
}

fn changed(visit: &OperatorVisit, outcome: Outcome) -> Result<HttpResponse, Problem> {
    let (id, status) = stock::card_changed(outcome)?;
    let flash = match status {
        CardStatus::Active => Flash::good("op-card-was-activated"),
        CardStatus::Blocked | CardStatus::Inactive => Flash::good("op-card-was-blocked"),
    };
    Ok(visit.go_saying(&format!("{HERE}?find={id}"), &flash))
}

async fn registered(visit: &OperatorVisit, form: &SmartCardForm) -> Result<Printed, Problem> {
    let keys = match (given(&form.meta_read), given(&form.file_read)) {
        (None, None) => None,
        (meta_read, file_read) => Some(json!({
            "meta_read": meta_read.unwrap_or_default(), "file_read": file_read.unwrap_or_default(),
        })),
    };
    let card: SmartCardIn = call::body(&json!({
        "face": { "amount": typed_amount(&form.amount), "currency": form.currency },
        "uid": form.uid,
        "keys": keys,
    }))?;
    let register = card.read(visit.gateway.clock.today())?;
    stock::smart_card_register(&visit.gateway, register).await
}

async fn find(visit: &OperatorVisit, sought: &str) -> Result<Option<StoredCard>, Problem> {
    if sought.is_empty() || !is_plain(sought, SOUGHT_CHARS_MAX) {
        return Ok(None);
    }
    let store = &visit.gateway.store;
    if let Ok(id) = sought.parse::<CardId>() {
        return Ok(store.read(move |db| card_get(db, id)).await?);
    }
    let serial = sought.to_owned();
    Ok(store.read(move |db| card_find_by_serial(db, &serial)).await?)
}

fn known(id: &str) -> Result<CardId, Problem> {
    id.parse().map_err(|_| Problem::not_found())
}
