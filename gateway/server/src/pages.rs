//! The pages that people use: translation only, as `http` is for programs. A handler is extract, one call of a use case,
//! one page; no rule, no SQL and no money is computed here. `routes` is the table of contents.
//!
//! Every page works without scripts, asks nobody else for anything, and says what it says in the reader's language.

pub mod account;
pub mod assets;
pub mod call;
pub mod chart;
pub mod csrf;
pub mod desk;
pub mod form;
pub mod front;
pub mod login;
pub mod made;
pub mod next;
pub mod operator;
pub mod paging;
pub mod passkeys;
pub mod pay;
pub mod problems;
pub mod qr;
pub mod routes;
pub mod shell;
pub mod shown;
pub mod trouble;
pub mod upload;
pub mod visit;
pub mod wallet;
pub mod words;

use crate::problem::Problem;

/// What a page's handler gives.
pub type Answered = Result<actix_web::HttpResponse, Problem>;
