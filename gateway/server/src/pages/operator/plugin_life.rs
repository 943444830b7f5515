//! A plugin's life: given what it asks for, enabled, in place of another, back, and out of service.

use actix_web::web::Path;
use purser_core::secret::SecretText;
use purser_host::{LimitsClass, Manifest};
use serde::Deserialize;

use super::plugin::{done, known};
use crate::{
    app::plugin::{
        self, Activating, Enabling, Places,
        grants::{self, Granting},
    },
    http::operator::plugins::places_within,
    pages::{
        Answered,
        call::{Nothing, date, given, words},
        form::Form,
        shell::Flash,
        visit::OperatorVisit,
    },
    problem::Problem,
};

/// What is given of what a plugin asks for. Secrets stand in the order in which its manifest names them.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GrantsForm {
    hosts: Vec<String>,
    secrets: Vec<String>,
    limits: String,
}

/// Where a plugin is to answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EnableForm {
    countries: String,
    currencies: String,
    from: String,
    config: String,
    no_config: String,
    allow_older: String,
}

/// How a version takes the place of another.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ActivateForm {
    config: String,
    no_config: String,
    allow_older: String,
}

/// Gives a plugin what it asks for, beside what it has.
pub async fn grant(visit: OperatorVisit, id: Path<String>, form: Form<GrantsForm>) -> Answered {
    let id = known(&id)?;
    let row = plugin::get(&visit.gateway, id).await?;
    let granting = granting(&plugin::manifest(&row)?, form.fields);
    let granted = match granting {
        Ok(granting) => grants::grant(&visit.gateway, id, granting).await,
        Err(problem) => Err(problem),
    };
    done(&visit, id, (granted, Flash::good("op-plugin-granted"))).await
}

/// Lets it answer for places from a day on.
pub async fn enable(visit: OperatorVisit, id: Path<String>, form: Form<EnableForm>) -> Answered {
    let id = known(&id)?;
    let enabled = match enabling(&form.fields) {
        Ok(enabling) => plugin::enable(&visit.gateway, id, enabling).await,
        Err(problem) => Err(problem),
    };
    done(&visit, id, (enabled, Flash::good("op-plugin-enabled"))).await
}

/// Lets it answer wherever another version of it does.
pub async fn activate(
    visit: OperatorVisit,
    id: Path<String>,
    form: Form<ActivateForm>,
) -> Answered {
    let id = known(&id)?;
    let ActivateForm { config, no_config, allow_older } = &form.fields;
    let activating = Activating {
        config: configured(config, no_config),
        granting: Granting::default(),
        allow_older: !allow_older.is_empty(),
    };
    let activated = plugin::activate(&visit.gateway, id, activating).await;
    done(&visit, id, (activated, Flash::good("op-plugin-activated"))).await
}

/// Lets answer again what answered before it.
pub async fn rollback(visit: OperatorVisit, id: Path<String>, _form: Form<Nothing>) -> Answered {
    let id = known(&id)?;
    let rolled_back = plugin::rollback(&visit.gateway, id).await;
    done(&visit, id, (rolled_back, Flash::good("op-plugin-rolled-back"))).await
}

/// Takes it out of service.
pub async fn disable(visit: OperatorVisit, id: Path<String>, _form: Form<Nothing>) -> Answered {
    let id = known(&id)?;
    let disabled = plugin::disable(&visit.gateway, id).await;
    done(&visit, id, (disabled, Flash::good("op-plugin-disabled"))).await
}

fn enabling(form: &EnableForm) -> Result<Enabling, Problem> {
    let (countries, currencies) = (words(&form.countries), words(&form.currencies));
    places_within("countries", &countries)?;
    places_within("currencies", &currencies)?;
    Ok(Enabling {
        places: Places { countries, currencies, from: date(&form.from, "from")? },
        config: configured(&form.config, &form.no_config),
        granting: Granting::default(),
        allow_older: !form.allow_older.is_empty(),
    })
}

/// A configuration that is said; that there is none, which is said too; or nothing, and then the one before goes on.
pub(super) fn configured(config: &str, none: &str) -> Option<String> {
    match given(none) {
        Some(_) => Some(String::new()),
        None => given(config).map(str::to_owned),
    }
}

fn granting(manifest: &Manifest, form: GrantsForm) -> Result<Granting, Problem> {
    let GrantsForm { hosts, secrets, limits } = form;
    if secrets.len() > manifest.secrets.len() {
        return Err(Problem::malformed("secrets", "more than the plugin asks for"));
    }
    let named = manifest.secrets.iter().cloned().zip(secrets);
    let filled_in = named.filter(|(_, secret)| !secret.is_empty());
    let known = |class: &str| {
        let known = manifest.limits.filter(|asked: &LimitsClass| asked.name() == class);
        known.ok_or_else(|| Problem::malformed("limits", "the plugin does not ask for this"))
    };
    Ok(Granting {
        hosts,
        secrets: filled_in.map(|(name, secret)| (name, SecretText::new(secret))).collect(),
        limits: given(&limits).map(known).transpose()?,
    })
}
