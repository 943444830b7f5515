//! A merchant's passkeys: each stands for the key that the desk was opened with.

use actix_web::HttpRequest;
use purser_store::facts::passkey::PasskeyOwner;

use crate::{
    app::browser::confirm_key,
    http::address::address,
    pages::{
        Answered,
        account::passkey::AnswerForm,
        form::Form,
        passkeys::{self, NewForm, RemoveForm},
        visit::MerchantVisit,
    },
};

/// The list.
pub async fn page(visit: MerchantVisit) -> Answered {
    passkeys::page(&visit, PasskeyOwner::Key(visit.key)).await
}

/// Asks for a new one.
pub async fn ask(visit: MerchantVisit, request: HttpRequest, form: Form<NewForm>) -> Answered {
    let NewForm { passkey_name, key, .. } = &form.fields;
    let confirmed = confirm_key(&visit.gateway, visit.key, key, address(&request)).await;
    passkeys::ask(&visit, PasskeyOwner::Key(visit.key), confirmed, passkey_name).await
}

/// Keeps it.
pub async fn add(visit: MerchantVisit, form: Form<AnswerForm>) -> Answered {
    passkeys::add(&visit, PasskeyOwner::Key(visit.key), None, &form.fields).await
}

/// Takes one away.
pub async fn remove(
    visit: MerchantVisit,
    request: HttpRequest,
    form: Form<RemoveForm>,
) -> Answered {
    let RemoveForm { passkey, key, .. } = &form.fields;
    let confirmed = confirm_key(&visit.gateway, visit.key, key, address(&request)).await;
    passkeys::remove(&visit, PasskeyOwner::Key(visit.key), confirmed, passkey).await
}
