//! The operator's passkeys: each stands for the key that the desk was opened with.

use purser_store::facts::passkey::PasskeyOwner;

use crate::pages::{
    Answered,
    account::passkey::AnswerForm,
    form::Form,
    passkeys::{self, NewForm, RemoveForm},
    visit::OperatorVisit,
};

/// The list.
pub async fn page(visit: OperatorVisit) -> Answered {
    passkeys::page(&visit, PasskeyOwner::Key(visit.key)).await
}

/// Asks for a new one.
pub async fn ask(visit: OperatorVisit, form: Form<NewForm>) -> Answered {
    passkeys::ask(&visit, PasskeyOwner::Key(visit.key), Ok(()), &form.fields.passkey_name).await
}

/// Keeps it.
pub async fn add(visit: OperatorVisit, form: Form<AnswerForm>) -> Answered {
    passkeys::add(&visit, PasskeyOwner::Key(visit.key), &form.fields).await
}

/// Takes one away.
pub async fn remove(visit: OperatorVisit, form: Form<RemoveForm>) -> Answered {
    passkeys::remove(&visit, PasskeyOwner::Key(visit.key), Ok(()), &form.fields.passkey).await
}
