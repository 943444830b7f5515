//! Logging in at a shop over HTTP, on both databases: what its buyer sees, what its software gets, and what neither may.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test fails loudly"
)]

#[path = "../pages/browser.rs"]
mod browser;
mod clients;
mod codes;
mod elsewhere;
mod endings;
#[allow(dead_code, reason = "the tests of webhooks use the rest of it")]
#[path = "../webhooks/endpoint.rs"]
mod endpoint;
mod forged;
mod libraries;
mod linking;
mod manual;
mod passkey;
mod paying;
mod person;
mod privacy;
mod refreshes;
mod requests;
#[path = "../pages/ring.rs"]
mod ring;
mod shop;
mod sign_out;
#[path = "../support/mod.rs"]
mod support;
mod throttled;

use serde_json::{Value, json};
use support::{World, but, login, new_key, text};

use self::{
    person::{Person, Seen},
    shop::{REDIRECT, Shop},
};
