//! The wallet: what a buyer has, did and can do.

mod account;
mod cards;
mod movements;
mod refunds;
mod shops;
mod stamps;

use crate::browser::Page;

/// What stands between two texts.
#[track_caller]
fn between<'p>(page: &'p Page, start: &str, end: &str) -> &'p str {
    let rest = page.body.split_once(start).unwrap_or_else(|| panic!("no {start}: {}", page.body)).1;
    rest.split_once(end).unwrap().0
}

/// A page that says it in a form that can be sent again.
#[track_caller]
fn refused(page: Page, status: u16, said: &str) {
    assert_eq!(page.status, status, "{}", page.body);
    page.says(said).says("role=\"alert\"").says("<form");
}
