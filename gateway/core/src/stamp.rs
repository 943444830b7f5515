//! E-stamps: postage that is bought like an item, printed, and used once.
//!
//! Buying takes two steps, so that no plugin is asked and no vendor is called within a database transaction. [`buy`]
//! is the purchase: it takes the next piece of the vendor's [`register`] under lock and leaves a stamp that is
//! `issuing`. [`settle`] ends that: with the indicium, or by giving the money back. Then the stamp is good until it is
//! scanned ([`scan`]) or voided ([`void`]); both are decided by the teller, so that of many scans at once one is the
//! first.

pub mod buy;
pub mod keys;
pub mod piece;
pub mod record;
pub mod register;
pub mod scan;
pub mod settle;
pub mod void;

pub use record::{Failure, Issue, Scanner, Seen, Stamp, StampRecord, StampState, Use};
