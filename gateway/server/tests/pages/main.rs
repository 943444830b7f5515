//! The pages over HTTP, as a browser without scripts meets them.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails loudly"
)]

mod account;
mod attacks;
mod browser;
mod desks;
mod headers;
mod passkeys;
mod pay;
mod plugins;
mod ring;
#[path = "../support/mod.rs"]
mod support;
mod trouble;
mod wallet;
mod words;
