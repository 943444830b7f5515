//! The rules of the gateway, as pure functions: time, ids, randomness and plugin answers are arguments.
//!
//! A purchase passes through here twice. First it is prepared: [`offer`] opens the merchants' signed prices,
//! [`tax`] and [`rate`] check what the plugins answered, [`purchase`] prices the basket and [`receipt`] signs
//! the proof. Then, under the lock of the teller, [`command`] decides it against the [`books`] and yields the
//! balanced [`entry`] and the records that are written in the same database transaction.

pub mod account;
pub mod books;
pub mod card;
pub mod closing;
pub mod command;
pub mod entry;
pub mod ids;
pub mod jws;
pub mod liability;
pub mod load;
pub mod login;
pub mod offer;
pub mod outbound;
pub mod outgoing;
pub mod payout;
pub mod period;
pub mod place;
pub mod policy;
pub mod purchase;
pub mod rate;
pub mod receipt;
pub mod record;
pub mod refund;
pub mod refusal;
pub mod remittance;
pub mod seal;
pub mod secret;
pub mod stamp;
pub mod stock;
pub mod tax;
pub mod tender;
pub mod text;
pub mod trade;
pub mod transfer;
pub mod vault;
pub mod webhook;

pub use jiff::{Timestamp, civil::Date};
pub use purser_money as money;
