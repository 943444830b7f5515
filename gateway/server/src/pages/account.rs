//! Accounts: signing in and up, recovering, signing out; and signing in to the desks.

pub mod desk;
pub mod login;
pub mod passkey;
pub mod recover;
pub mod sign_out;
pub mod signup;

use askama::Template;
use purser_core::secret::SecretText;

use super::{Answered, next::Next, shell::Shell, visit::Visit};
use crate::{app::browser, problem::Problem};

/// A recovery code, shown once.
#[derive(Template)]
#[template(path = "account/code.html")]
pub(super) struct CodePage<'a> {
    pub(super) shell: &'a Shell,
    pub(super) code: &'a str,
    /// Where to from here, and what the way there is called.
    pub(super) onward: &'a str,
    pub(super) label: &'a str,
}

/// Where to after signing in.
fn path(next: Option<&Next>) -> &str {
    next.and_then(Next::path).unwrap_or("/wallet")
}

/// On to where somebody was going, as somebody else than before: whoever was signed in here is not any more.
async fn go_on(visit: &Visit, cookie: &SecretText, next: &str) -> Answered {
    forget(visit).await?;
    Ok(visit.go_as(next, cookie))
}

/// What the cookie opened that is about to be replaced.
async fn forget(visit: &Visit) -> Result<(), Problem> {
    if visit.is_signed_in() {
        browser::sign_out(&visit.gateway, visit.cookie()).await?;
    }
    Ok(())
}
