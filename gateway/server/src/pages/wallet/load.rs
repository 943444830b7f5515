//! Loading the vault from a card: by its printed code, or by the link that a smart card opens. Opening the link consumes
//! nothing.

use actix_web::{HttpRequest, web::Query};
use askama::Template;
use purser_core::{
    card::{code::CardCode, sun::Tap},
    record::LoadRecord,
};
use serde::Deserialize;

use super::amount;
use crate::{
    app::load::{self, Asked, Shown as Card},
    http::{address::address, body},
    pages::{
        Answered,
        form::Form,
        next::Next,
        shell::{Flash, Shell},
        shown::Faults,
        visit::BuyerVisit,
    },
    problem::{self, Problem},
};

#[derive(Template)]
#[template(path = "wallet/load.html")]
struct LoadPage<'a> {
    shell: &'a Shell,
    faults: Faults,
    form: &'a LoadForm,
    next: Option<&'a str>,
    tap: Option<(&'a str, &'a str)>,
}

/// What the link of a smart card holds, and where to afterwards.
#[derive(Deserialize)]
pub struct LoadQuery {
    picc_data: Option<String>,
    cmac: Option<String>,
    next: Option<Next>,
}

/// A card, and how much of it.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoadForm {
    code: Option<String>,
    picc_data: Option<String>,
    cmac: Option<String>,
    amount: Option<String>,
    currency: Option<String>,
    next: Option<Next>,
}

impl LoadForm {
    fn tap(&self) -> Option<(&str, &str)> {
        self.picc_data.as_deref().zip(self.cmac.as_deref())
    }

    fn amount(&self) -> &str {
        self.amount.as_deref().unwrap_or_default()
    }

    fn currency(&self) -> &str {
        self.currency.as_deref().unwrap_or_default()
    }

    fn card(&self) -> Result<Card, Problem> {
        let code = self.code.as_deref().map(CardCode::parse);
        Ok(match (code, self.tap()) {
            (code, Some((picc_data, cmac))) => match Tap::parse(picc_data, cmac) {
                Ok(tap) => Card::Tap(Box::new(tap), code.and_then(Result::ok)),
                Err(_) => Card::Unreadable,
            },
            (Some(Ok(code)), None) => Card::Code(code),
            (Some(Err(_)), None) => Card::Unreadable,
            (None, None) => return Err(Problem::malformed("code", "the code of the card")),
        })
    }

    fn asked(&self, request: &HttpRequest) -> Result<Asked, Problem> {
        let amount = match self.amount.as_deref() {
            None => None,
            Some(text) => {
                let code = self.currency().trim().to_uppercase();
                Some(amount(text, body::currency(&code, "currency")?)?)
            }
        };
        Ok(Asked { shown: self.card()?, amount, address: address(request) })
    }
}

/// The form, filled in where a smart card has opened it.
pub async fn page(visit: BuyerVisit, query: Query<LoadQuery>) -> Answered {
    let LoadQuery { picc_data, cmac, next } = query.into_inner();
    let form = LoadForm { picc_data, cmac, next, ..LoadForm::default() };
    show(&visit, &form, Faults::default())
}

/// Loads.
pub async fn load(visit: BuyerVisit, request: HttpRequest, form: Form<LoadForm>) -> Answered {
    match loaded(&visit, &request, &form).await {
        Ok(load) => {
            let next = form.fields.next.as_ref().and_then(Next::path).unwrap_or("/wallet");
            Ok(visit.go_saying(next, &said(&visit, &load)))
        }
        Err(problem) => show(&visit, &form.fields, visit.mend(in_form(problem))?),
    }
}

async fn loaded(
    visit: &BuyerVisit,
    request: &HttpRequest,
    form: &Form<LoadForm>,
) -> Result<LoadRecord, Problem> {
    let (claim, answered) = form.claim(visit.payer.account).await?;
    match answered {
        Some(outcome) => load::loaded(outcome),
        None => {
            let asked = form.fields.asked(request)?;
            load::load(&visit.gateway, &visit.payer, claim, &asked).await
        }
    }
}

/// The fields of the form have no parts.
fn in_form(problem: Problem) -> Problem {
    match (problem.kind, problem.field.as_deref()) {
        (_, Some("card.code")) => problem.field("code"),
        (_, Some("amount.currency")) => problem.field("currency"),
        (_, Some("amount.amount")) => problem.field("amount"),
        (problem::CARD_REFUSED | problem::CARD_ALREADY_USED, _) => {
            Problem { field: None, ..problem }
        }
        _ => problem,
    }
}

fn said(visit: &BuyerVisit, load: &LoadRecord) -> Flash {
    let words = visit.shell.words;
    let (credited, taken) = (words.money(load.credited), words.money(load.taken));
    if load.taken.currency() == load.credited.currency() {
        return Flash::good("wallet-loaded").arg("credited", credited);
    }
    Flash::good("wallet-loaded-converted")
        .arg("credited", credited)
        .arg("taken", taken)
        .arg("rate", &load.rate)
        .arg("spread", words.money(load.spread))
}

fn show(visit: &BuyerVisit, form: &LoadForm, faults: Faults) -> Answered {
    let page = LoadPage {
        shell: &visit.shell,
        form,
        next: form.next.as_ref().and_then(Next::path),
        tap: form.tap(),
        faults,
    };
    visit.show(&page).about(&page.faults).send()
}
