//! A buyer's passkeys.

use actix_web::HttpRequest;
use purser_store::facts::passkey::PasskeyOwner;

use crate::{
    app::credentials,
    http::address::address,
    pages::{
        Answered,
        account::passkey::AnswerForm,
        form::Form,
        passkeys::{self, NewForm, RemoveForm},
        visit::BuyerVisit,
    },
    problem::Problem,
};

/// The list.
pub async fn page(visit: BuyerVisit) -> Answered {
    passkeys::page(&visit, owner(&visit)).await
}

/// Asks for a new one.
pub async fn ask(visit: BuyerVisit, request: HttpRequest, form: Form<NewForm>) -> Answered {
    let NewForm { passkey_name, pin, password, .. } = &form.fields;
    let confirmed = confirmed(&visit, &request, pin, password).await;
    passkeys::ask(&visit, owner(&visit), confirmed, passkey_name).await
}

/// Keeps it.
pub async fn add(visit: BuyerVisit, form: Form<AnswerForm>) -> Answered {
    passkeys::add(&visit, owner(&visit), Some(visit.payer.session), &form.fields).await
}

/// Takes one away.
pub async fn remove(visit: BuyerVisit, request: HttpRequest, form: Form<RemoveForm>) -> Answered {
    let RemoveForm { passkey, pin, password, .. } = &form.fields;
    let confirmed = confirmed(&visit, &request, pin, password).await;
    passkeys::remove(&visit, owner(&visit), confirmed, passkey).await
}

const fn owner(visit: &BuyerVisit) -> PasskeyOwner {
    PasskeyOwner::Account(visit.payer.account)
}

async fn confirmed(
    visit: &BuyerVisit,
    request: &HttpRequest,
    pin: &str,
    password: &str,
) -> Result<(), Problem> {
    credentials::confirm(&visit.gateway, &visit.access, address(request), pin, password).await
}
