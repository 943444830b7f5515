//! Every flow of money as a table: a command on the left, the postings that it makes on the right.
//!
//! A test sets a [`scene`], has commands [made](make) as the gateway prepares them, and [checks](scene::Scene::check)
//! the entries that come of them. Nothing here is a double: commands are priced, converted and taxed by the
//! crate itself, and decided against its books.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails loudly"
)]

mod cards;
mod edges;
mod make;
mod outgoing;
mod purchases;
mod random;
mod refunds;
mod rules;
mod scene;
mod stamps;
mod teller;
mod vaults;
