//! The books are proved while somebody watches: the check runs behind the page, which looks again by itself.

use askama::Template;

use crate::{
    app::check::{self, Ended, Run},
    pages::{Answered, call::Nothing, form::Form, shell::Shell, visit::OperatorVisit},
};

#[derive(Template)]
#[template(path = "operator/check.html")]
struct CheckPage<'a> {
    shell: &'a Shell,
    run: Option<Run>,
}

impl CheckPage<'_> {
    fn is_running(&self) -> bool {
        self.run.as_ref().is_some_and(|run| run.ended.is_none())
    }

    fn verdict(&self, ended: &Ended) -> (&'static str, &'static str) {
        verdict(*ended)
    }
}

/// How a check ended: the name of its message, and its tone.
pub(super) const fn verdict(ended: Ended) -> (&'static str, &'static str) {
    match ended {
        Ended::Proved => ("proved", "good"),
        Ended::NotProved => ("not-proved", "bad"),
        Ended::Interrupted => ("interrupted", "warn"),
    }
}

/// What the last check found, or has found so far.
pub async fn page(visit: OperatorVisit) -> Answered {
    let run = visit.gateway.checks.last();
    visit.show(&CheckPage { shell: &visit.shell, run }).send()
}

/// Begins a check.
pub async fn begin(visit: OperatorVisit, _form: Form<Nothing>) -> Answered {
    check::begin(&visit.gateway);
    Ok(visit.go("/operator/check"))
}
