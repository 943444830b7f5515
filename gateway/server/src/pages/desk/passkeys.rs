//! A merchant's passkeys: each stands for the key that the desk was opened with.

use purser_store::facts::passkey::PasskeyOwner;

use crate::pages::{
    Answered,
    account::passkey::AnswerForm,
    form::Form,
    passkeys::{self, NewForm, RemoveForm},
    visit::MerchantVisit,
};

/// The list.
pub async fn page(visit: MerchantVisit) -> Answered {
    passkeys::page(&visit, PasskeyOwner::Key(visit.key)).await
}

/// Asks for a new one.
pub async fn ask(visit: MerchantVisit, form: Form<NewForm>) -> Answered {
    passkeys::ask(&visit, PasskeyOwner::Key(visit.key), Ok(()), &form.fields.passkey_name).await
}

/// Keeps it.
pub async fn add(visit: MerchantVisit, form: Form<AnswerForm>) -> Answered {
    passkeys::add(&visit, PasskeyOwner::Key(visit.key), &form.fields).await
}

/// Takes one away.
pub async fn remove(visit: MerchantVisit, form: Form<RemoveForm>) -> Answered {
    passkeys::remove(&visit, PasskeyOwner::Key(visit.key), Ok(()), &form.fields.passkey).await
}
