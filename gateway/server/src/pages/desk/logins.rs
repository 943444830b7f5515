//! A merchant's shops as clients of the login.

use actix_web::{HttpResponse, web::Path};
use askama::Template;
use purser_core::{
    ids::LoginClientId,
    login::client::{LoginClient, Pkce},
};
use purser_store::facts::login_client::login_client_list;
use serde::Deserialize;
use serde_json::json;

use super::scope;
use crate::{
    app::oidc::client,
    http::merchant::login_clients::LoginClientIn,
    pages::{
        Answered,
        call::{self, Nothing, given, lines},
        form::Form,
        made::Made,
        shell::{Flash, Shell},
        shown::Faults,
        visit::MerchantVisit,
    },
    problem::Problem,
};

const LIST: &str = "/desk/logins";

#[derive(Template)]
#[template(path = "desk/logins.html")]
struct LoginsPage<'a> {
    shell: &'a Shell,
    faults: Faults,
    issuer: &'a str,
    clients: Vec<LoginClient>,
    form: &'a LoginForm,
}

impl LoginsPage<'_> {
    fn needs_pkce(&self, client: &LoginClient) -> bool {
        client.pkce == Pkce::Required
    }
}

/// A client to be registered.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LoginForm {
    name: String,
    redirect_uris: String,
    post_logout_redirect_uris: String,
    without_pkce: String,
    id_token_signed_response_alg: String,
}

/// The list.
pub async fn page(visit: MerchantVisit) -> Answered {
    visit.require(scope::KEYS)?;
    show(&visit, Faults::default(), &LoginForm::default()).await
}

/// Registers a client, and shows its secret this once.
pub async fn create(visit: MerchantVisit, form: Form<LoginForm>) -> Answered {
    visit.require(scope::KEYS)?;
    let wish = wish(&form.fields).and_then(LoginClientIn::wish);
    let registered = match wish {
        Ok(wish) => client::register(&visit.gateway, visit.id, wish).await,
        Err(problem) => Err(problem),
    };
    match registered {
        Ok((client, secret)) => {
            let made = Made {
                title: visit.shell.t("desk-login-made"),
                lead: visit.shell.t("desk-shown-once"),
                shown: vec![
                    ("client_id".to_owned(), client.id.to_string()),
                    ("client_secret".to_owned(), secret.expose().to_owned()),
                ],
                back: LIST.to_owned(),
            };
            made.show(&visit)
        }
        Err(problem) => show(&visit, visit.mend(problem)?, &form.fields).await,
    }
}

/// Withdraws a client.
pub async fn delete(visit: MerchantVisit, id: Path<String>, _form: Form<Nothing>) -> Answered {
    visit.require(scope::KEYS)?;
    let id: LoginClientId = id.parse().map_err(|_| Problem::not_found())?;
    if !client::remove(&visit.gateway, visit.id, id).await? {
        return Err(Problem::not_found());
    }
    Ok(visit.go_saying(LIST, &Flash::good("desk-login-deleted").arg("id", id)))
}

fn wish(form: &LoginForm) -> Result<LoginClientIn, Problem> {
    call::body(&json!({
        "name": given(&form.name),
        "redirect_uris": lines(&form.redirect_uris),
        "post_logout_redirect_uris": lines(&form.post_logout_redirect_uris),
        "require_pkce": form.without_pkce.is_empty(),
        "id_token_signed_response_alg": given(&form.id_token_signed_response_alg),
    }))
}

async fn show(
    visit: &MerchantVisit,
    faults: Faults,
    form: &LoginForm,
) -> Result<HttpResponse, Problem> {
    let id = visit.id;
    let clients = visit.gateway.store.read(move |db| login_client_list(db, id)).await?;
    let issuer = &visit.gateway.issuer;
    let page = LoginsPage { shell: &visit.shell, faults, issuer, clients, form };
    visit.show(&page).about(&page.faults).send()
}
