//! The HTTP API: translation only. `routes` is its table of contents.

pub mod account;
pub mod address;
pub mod answer;
pub mod auth;
pub mod body;
pub mod buyer;
pub mod download;
pub mod everyone;
pub mod key;
pub mod merchant;
pub mod oauth;
pub mod openapi;
pub mod operator;
pub mod own_site;
pub mod page;
pub mod payouts;
pub mod request_id;
pub mod respond;
pub mod routes;
pub mod server;
pub mod stamp;
pub mod stream;
pub mod taxes;
