//! The printable stamp.
