//! What somebody sees who opens the gateway's address in a browser.

use askama::Template;

use super::{Answered, shell::Shell, visit::Visit};

#[derive(Template)]
#[template(path = "front.html")]
struct FrontPage<'a> {
    shell: &'a Shell,
}

/// What this is, and where to go.
pub async fn page(visit: Visit) -> Answered {
    visit.show(&FrontPage { shell: &visit.shell }).send()
}
