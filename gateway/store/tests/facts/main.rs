//! What operators, merchants and logins write is read back as it was meant, on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails loudly"
)]

mod browsers;
mod cards;
#[path = "../databases/mod.rs"]
mod databases;
mod logins;
mod passkeys;
mod rules;

use purser_core::{
    Timestamp,
    money::{Currency, Money},
    secret::KeyedHash,
};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_719_570_000 + second).unwrap()
}

fn hash(byte: u8) -> KeyedHash {
    KeyedHash::from_bytes([byte; 32])
}

fn money(text: &str) -> Money {
    let (amount, code) = text.split_once(' ').unwrap();
    Money::parse(amount, Currency::parse(code).unwrap()).unwrap()
}

fn usd() -> Currency {
    Currency::parse("USD").unwrap()
}
