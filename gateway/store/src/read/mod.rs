//! Everything that only looks: vaults, purchases, logs, sales, events, cards, entries and evidence, as the
//! gateway's answers need them.
//!
//! Lists are newest first and come in pages ([`Page`]). A row that does not parse is reported as corrupt and never
//! guessed at. Where two numbers must agree (a balance and what is not rolled up yet, a vault and its refund
//! account, a delivery and its tries) they are read in one statement, because PostgreSQL's READ COMMITTED shows each
//! statement its own moment; where it takes several, these run `at_one_moment`.

pub mod batch;
pub mod caller;
pub mod card;
pub mod delivery;
pub mod entry;
pub mod event;
pub mod evidence;
pub mod latest;
pub mod liability;
pub mod log;
pub(crate) mod moment;
pub mod page;
pub mod payout;
pub mod purchase;
pub mod remittance;
pub(crate) mod row;
pub mod sale;
pub mod stamp;
pub mod statement;
pub mod trade;
pub mod turnover;
pub mod untold;
pub mod vault;
pub mod waiting;

pub use page::{Page, Paged};
