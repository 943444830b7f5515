//! What is shown once: new keys and secrets. It is the answer to the form that made them, so that going back or loading
//! the page again never shows them a second time.

use actix_web::http::StatusCode;
use askama::Template;

use super::{Answered, shell::Shell, visit::Visit};

/// What was made, and where to go on from there.
pub struct Made {
    /// What it is.
    pub title: String,
    /// What to do with it.
    pub lead: String,
    /// What is shown: what each is called, and what it is.
    pub shown: Vec<(String, String)>,
    /// Where to go on.
    pub back: String,
}

#[derive(Template)]
#[template(path = "made.html")]
struct MadePage<'a> {
    shell: &'a Shell,
    made: Made,
}

impl Made {
    /// The page.
    pub fn show(self, visit: &Visit) -> Answered {
        let page = MadePage { shell: &visit.shell, made: self };
        visit.show(&page).status(StatusCode::CREATED).send()
    }
}
