//! The use cases, one file per verb, free of HTTP: gather facts, ask plugins, decide in the core, hand to the
//! teller.

pub mod basket;
pub mod check;
pub mod credentials;
pub mod erase;
pub mod facts;
pub mod filing;
pub mod intent;
pub mod liability;
pub mod load;
pub mod login;
pub mod merchant;
pub mod note;
pub mod outgoing;
pub mod payout;
pub mod plugin;
pub mod purchase;
pub mod quote;
pub mod rates;
pub mod refund;
pub mod remittance;
pub mod return_send;
pub mod session;
pub mod signup;
pub mod smart_card;
pub mod stamp;
pub mod statement;
pub mod stock;
pub mod throttle;
pub mod token;
pub mod trade;
pub mod transfer;
pub mod vault;
pub mod webhook;
