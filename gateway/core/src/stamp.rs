//! Stamps: what a vendor's plugin is asked and answers.

pub mod piece;
