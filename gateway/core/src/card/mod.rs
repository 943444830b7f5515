//! Pre-paid cards: paper ones with a printed code, and smart cards that are tapped.
//!
//! A card is found by what only its holder can show: the keyed hash of its code ([`code`]), or a
//! fresh message of its chip ([`sun`]) under keys that are derived and never stored ([`keys`]).
//! What a card is worth, whether it is active and which counter it showed last is judged elsewhere,
//! under lock.

pub mod code;
pub mod keys;
pub mod sun;

pub use code::{CardCode, CardSerial, RecoveryCode};
pub use keys::{CardKeys, ChipId, IssuerKey};
pub use sun::{FileReadKey, MetaReadKey, Reading, Tap, TapCounter, Uid};

/// A card, code or tap that is not accepted. Deliberately the same for every reason: which one it
/// was would help only somebody who is guessing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this card cannot be used; check the code, or tap the card again")]
pub struct CardRefused;
