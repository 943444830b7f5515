//! What a stamp looks like: its symbol as SVG and PNG, and the stamp itself as PDF, by itself or with others on a sheet of
//! labels. All of it is a function of a [`StampView`], which holds what is printed and nothing else.
//!
//! A module, the smallest square of a symbol, is half a millimetre on paper: six dots of a printer with 300 dots an inch, and
//! what scanners at a counter and in a sorting centre read with room to spare.

mod label;
mod pdf;
mod png;
mod svg;
mod symbol;
mod text;

use jiff::civil::Date;
use purser_core::stamp::piece::Symbol;
use purser_money::Money;

pub use pdf::{Paper, label, sheet};
pub use png::png;
pub use svg::svg;

/// All that is printed of a stamp.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StampView {
    /// What the symbol holds.
    pub indicium: Vec<u8>,
    /// Which one it is.
    pub symbol: Symbol,
    /// The face value.
    pub price: Money,
    /// The service, for people.
    pub title: String,
    /// The day of the purchase.
    pub issued_on: Date,
    /// The last day on which it is good.
    pub expires_on: Date,
    /// What people call it by.
    pub serial: String,
    /// The item number (UPU S10), where the service has one.
    pub s10: Option<String>,
    /// Pairs of names and values, as the plugin wants them printed.
    pub printed: Vec<(String, String)>,
    /// Where anybody can have it verified.
    pub verify_at: String,
}

/// Why a stamp cannot be printed. None of it happens to a stamp that was issued, which was held to the same bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PrintError {
    /// The symbol is not for so many bytes.
    #[error("the indicium does not fit its symbol")]
    DoesNotFit,
    /// The image could not be written.
    #[error("the image cannot be written")]
    Image,
}
