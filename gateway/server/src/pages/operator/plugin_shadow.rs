//! A version beside the one that answers: it charges nothing, and shows what would be different.

use actix_web::web::Path;
use serde::Deserialize;

use super::{
    plugin::{done, known},
    plugin_life::configured,
};
use crate::{
    app::plugin::{grants::Granting, shadow},
    http::operator::plugins::places_within,
    pages::{
        Answered,
        call::{Nothing, words},
        form::Form,
        shell::Flash,
        visit::OperatorVisit,
    },
};

/// Where a version is to run beside the one that answers.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ShadowForm {
    countries: String,
    config: String,
}

/// Runs it beside the one that answers. What was recorded of it before is forgotten.
pub async fn start(visit: OperatorVisit, id: Path<String>, form: Form<ShadowForm>) -> Answered {
    let id = known(&id)?;
    let countries = words(&form.fields.countries);
    let started = match places_within("countries", &countries) {
        Ok(()) => {
            let config = configured(&form.fields.config, "");
            shadow::start(&visit.gateway, id, (countries, config, Granting::default())).await
        }
        Err(problem) => Err(problem),
    };
    done(&visit, id, (started, Flash::good("op-shadow-started"))).await
}

/// Runs it beside nothing any more. What was recorded stays.
pub async fn stop(visit: OperatorVisit, id: Path<String>, _form: Form<Nothing>) -> Answered {
    let id = known(&id)?;
    let stopped = shadow::stop(&visit.gateway, id).await;
    done(&visit, id, (stopped, Flash::good("op-shadow-stopped"))).await
}
