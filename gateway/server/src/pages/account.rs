//! Accounts: signing in and up, recovering, signing out; and signing in to the desks.

pub mod login;
