//! A page as a response, and where a form leads.

use actix_web::{
    HttpResponse, HttpResponseBuilder,
    cookie::time::Duration,
    http::{StatusCode, header},
};
use askama::Template;
use purser_core::secret::SecretText;

use super::{
    Answered,
    shell::{FLASH_COOKIE, Flash},
    trouble,
    visit::{Visit, own_cookie, prefixed, set_cookie},
    words::Words,
};
use crate::problem::{self, Problem};

/// A page that is about to be sent.
pub struct Shown<'v> {
    visit: &'v Visit,
    html: Result<String, askama::Error>,
    status: StatusCode,
    retry_after: Option<u64>,
    form_origin: Option<String>,
}

/// What is wrong with a form: about its fields, and about all of it.
#[derive(Default)]
pub struct Faults {
    /// The name of each field at fault, and what is wrong with it.
    pub fields: Vec<(String, String)>,
    /// What is wrong otherwise.
    pub general: Option<String>,
    problem: Option<Problem>,
}

impl Visit {
    /// A page.
    pub fn show<'v>(&'v self, page: &impl Template) -> Shown<'v> {
        let html = page.render();
        Shown { visit: self, html, status: StatusCode::OK, retry_after: None, form_origin: None }
    }

    /// To another page of this gateway, after a form was done with.
    pub fn go(&self, path: &str) -> HttpResponse {
        self.begin(StatusCode::SEE_OTHER).insert_header((header::LOCATION, path)).finish()
    }

    /// To another page, which says what was done.
    pub fn go_saying(&self, path: &str, flash: &Flash) -> HttpResponse {
        let name = prefixed(&self.gateway, FLASH_COOKIE);
        let mut cookie = own_cookie(&self.gateway, &name, &flash.seal(&self.gateway));
        // Whoever never gets there is not told of it a day later.
        cookie.set_max_age(Duration::seconds(60));
        self.begin(StatusCode::SEE_OTHER)
            .insert_header((header::LOCATION, path))
            .cookie(cookie)
            .finish()
    }

    /// To another page, with another cookie: whoever signs in or out is somebody else from then on.
    pub fn go_as(&self, path: &str, cookie: &SecretText) -> HttpResponse {
        let cookie = set_cookie(&self.gateway, self.shell.area, cookie.expose());
        HttpResponse::SeeOther().insert_header((header::LOCATION, path)).cookie(cookie).finish()
    }

    /// What the same form says about a problem, where whoever filled it in can mend it. Other problems have pages of
    /// their own.
    pub fn mend(&self, problem: Problem) -> Result<Faults, Problem> {
        let mendable = (400..500).contains(&problem.kind.status())
            && ![problem::NOT_AUTHENTICATED, problem::FORM_EXPIRED].contains(&problem.kind);
        if mendable { Ok(Faults::of(self.shell.words, problem)) } else { Err(problem) }
    }

    fn begin(&self, status: StatusCode) -> HttpResponseBuilder {
        let mut response = HttpResponse::build(status);
        if self.is_new {
            response.cookie(set_cookie(&self.gateway, self.shell.area, self.cookie()));
        }
        response
    }
}

impl Faults {
    /// A problem in the reader's words. What is wrong with an input is the message `wrong-<field>`, where a dot of
    /// its name is a hyphen. What is no input of a form is said of all of it: the problem's own text is English.
    fn of(words: Words, problem: Problem) -> Self {
        let field = problem.field.as_deref().unwrap_or_default();
        // Of a list or a table it is the whole input: `scopes[1]` is in `scopes`, `secrets.key` in `secrets`.
        let whole = [field.split('[').next(), field.split(['[', '.']).next()];
        let said = whole.into_iter().flatten().filter(|name| !name.is_empty()).find_map(|name| {
            let wrong = words.find(&format!("wrong-{}", name.replace('.', "-")))?;
            Some((name.to_owned(), wrong))
        });
        let general = said.is_none().then(|| {
            let (kind, cure) = (problem.kind.name(), format!("{}-cure", problem.kind.name()));
            format!("{}. {}", words.named("problem", kind), words.named("problem", &cure))
        });
        Self { fields: said.into_iter().collect(), general, problem: Some(problem) }
    }

    /// Whether anything is wrong.
    pub const fn any(&self) -> bool {
        self.problem.is_some()
    }

    /// Seconds to wait, if that is what helps.
    pub fn wait(&self) -> Option<i64> {
        let wait = self.problem.as_ref()?.retry_after?.as_secs().max(1);
        i64::try_from(wait).ok()
    }

    /// What is wrong with a field.
    pub fn about(&self, field: &str) -> Option<&str> {
        self.fields.iter().find(|(name, _)| name == field).map(|(_, text)| text.as_str())
    }
}

impl Shown<'_> {
    /// With another status.
    pub fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// With the status of what is wrong, if anything is.
    pub fn about(mut self, faults: &Faults) -> Self {
        if let Some(problem) = &faults.problem {
            self.status = trouble::status(problem);
            self.retry_after = problem.retry_after.map(|wait| wait.as_secs().max(1));
        }
        self
    }

    /// A page whose form ends at another site: browsers follow it to that origin only.
    pub fn form_may_end_at(mut self, origin: &str) -> Self {
        self.form_origin = Some(origin.to_owned());
        self
    }

    /// The response.
    pub fn send(self) -> Answered {
        self.send_as(None)
    }

    /// The response for somebody who signed in with this form.
    pub fn send_as(self, cookie: Option<&SecretText>) -> Answered {
        let html = self.html.map_err(Problem::internal)?;
        let visit = self.visit;
        let mut response = match cookie {
            None => visit.begin(self.status),
            Some(cookie) => {
                let mut response = HttpResponse::build(self.status);
                let cookie = set_cookie(&visit.gateway, visit.shell.area, cookie.expose());
                response.cookie(cookie);
                response
            }
        };
        if let Some(seconds) = self.retry_after {
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        if let Some(origin) = &self.form_origin {
            let policy = trouble::policy(Some(origin));
            response.insert_header((header::CONTENT_SECURITY_POLICY, policy));
        }
        if visit.shell.flash.is_some() {
            let name = prefixed(&visit.gateway, FLASH_COOKIE);
            let mut said = own_cookie(&visit.gateway, &name, "");
            said.make_removal();
            response.cookie(said);
        }
        Ok(response.content_type("text/html; charset=utf-8").body(html))
    }
}
