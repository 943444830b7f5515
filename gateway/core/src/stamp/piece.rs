//! What a stamps plugin is asked and answers, right by type: the contract is `sdk/wit/stamps.wit`.

use jiff::civil::Date;
use purser_money::{Currency, Money};
use serde::{Deserialize, Serialize};

use crate::outbound::Request;

mod address;
mod claims;
mod names;

pub use address::{Address, AddressError};
pub use claims::{Claims, Disagreement};
pub use names::{Issuer, ItemSerial, NameError, ServiceId, StampKeyId, Thousandths, VendorNumber};

/// Pairs of names and values beside the fixed fields.
pub type Attributes = Vec<(String, String)>;

/// The two symbols that a stamp is printed as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Symbol {
    /// Data Matrix 44x44: anyone verifies it with the public key.
    Full,
    /// Data Matrix 16x48: verified online, by who has the secret.
    Lite,
}

impl Symbol {
    /// The name in the contract.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Lite => "lite",
        }
    }

    /// What the symbol holds of bytes (ISO/IEC 16022: 144 and 49 data codewords; Base 256 takes two).
    pub const fn bytes_max(self) -> usize {
        match self {
            Self::Full => 142,
            Self::Lite => 47,
        }
    }

    /// An Ed25519 signature, or the first bytes of an HMAC-SHA-256.
    pub const fn signature_bytes(self) -> usize {
        match self {
            Self::Full => 64,
            Self::Lite => 8,
        }
    }
}

/// One kind of postage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Its name within the vendor's.
    pub id: ServiceId,
    /// For people.
    pub title: String,
    /// The heaviest piece, in grams.
    pub weight_g_max: u32,
    /// Countries it carries to; empty: everywhere.
    pub destinations: Vec<String>,
    /// How long a stamp is good, the day of purchase included.
    pub valid_days: u16,
    /// What it is printed as.
    pub symbol: Symbol,
}

/// What is to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mailpiece {
    /// The day of the purchase.
    pub date: Date,
    /// The day on which it is to be mailed, where the sender said one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mailing_on: Option<Date>,
    /// From where.
    pub origin: Address,
    /// To where.
    pub destination: Address,
    /// Its weight in grams.
    pub weight_g: u32,
    /// One service only; else all that carry this piece.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<ServiceId>,
}

/// What a mailpiece can be sent by, at its face value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// By which service.
    pub service: ServiceId,
    /// For people.
    pub title: String,
    /// The face value: positive.
    pub price: Money,
    /// The upper end of the weight step that was priced, in grams.
    pub weight_step_g: u32,
    /// How long the stamp is good, the day of purchase included.
    pub valid_days: u16,
    /// What it is printed as.
    pub symbol: Symbol,
    /// What the plugin wants to see again when it drafts the stamp.
    pub attributes: Attributes,
}

impl Product {
    /// The last day on which a stamp bought on `date` is good.
    pub fn expires_on(&self, date: Date) -> Date {
        let days = i64::from(self.valid_days).saturating_sub(1);
        date.saturating_add(jiff::Span::new().days(days))
    }
}

/// A vendor's registers with one stamp included. `ascending` + `descending` is all that was ever loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registers {
    /// 1 for the first; never repeated.
    pub piece_counter: u64,
    /// All that was ever stamped.
    pub ascending: Thousandths,
    /// What is left of what was loaded.
    pub descending: Thousandths,
}

/// Random bytes of one stamp.
pub const NONCE_BYTES: usize = 16;

/// A stamp that was paid for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The issuing post or operator.
    pub issuer: Issuer,
    /// The vendor's key that will sign.
    pub key_id: StampKeyId,
    /// The vendor.
    pub vendor: VendorNumber,
    /// What was quoted.
    pub product: Product,
    /// What is sent.
    pub mailpiece: Mailpiece,
    /// The last day on which it is good.
    pub expires_on: Date,
    /// For an item number (S10).
    pub item_serial: ItemSerial,
    /// Random.
    pub nonce: [u8; NONCE_BYTES],
}

/// What is to be signed: Ed25519 over `to_sign` for a full symbol, the first 8 bytes of an HMAC-SHA-256 for a lite one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsigned {
    /// The bytes.
    pub to_sign: Vec<u8>,
    /// What they will be printed as.
    pub symbol: Symbol,
    /// Printed on the stamp, and what people call it by.
    pub serial: String,
    /// The item number, where the service has one.
    pub s10: Option<String>,
    /// Pairs of names and values to print.
    pub printed: Attributes,
}

/// How far a draft is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// It is done.
    Done(Unsigned),
    /// It goes on with the answer to this request.
    Fetch(Request),
}

/// The mark itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Indicium {
    /// What the symbol holds.
    pub bytes: Vec<u8>,
    /// The symbol.
    pub symbol: Symbol,
}

/// A currency and a value in it as a mark states it, which may be finer than money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaceValue {
    /// How much.
    pub value: Thousandths,
    /// Of what.
    pub currency: Currency,
}
