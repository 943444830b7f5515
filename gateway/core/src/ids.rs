//! Names of things: a prefix that says what, and 128 bits that say which.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// Text that is no id of the expected kind. To callers a malformed id is an unknown id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id of this kind")]
pub struct IdError;

/// Crockford's alphabet in lower case: no letter is mistaken for a digit.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// The bits of an id behind its time, which is milliseconds since 1970.
pub const TIME_SHIFT: u32 = 80;
/// 128 bits in groups of five.
const LENGTH: usize = 26;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(u128);

        impl $name {
            /// What the text form starts with.
            pub const PREFIX: &str = $prefix;

            /// An id from 128 random bits.
            pub const fn from_random(bits: u128) -> Self {
                Self(bits)
            }

            /// The bits.
            pub const fn bits(self) -> u128 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(Self::PREFIX)?;
                write_bits(self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                text.strip_prefix(Self::PREFIX).and_then(read_bits).map(Self).ok_or(IdError)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
                text.parse().map_err(D::Error::custom)
            }
        }
    )*};
}

ids! {
    /// A buyer's account, and its vault.
    AccountId = "acct_";
    /// A merchant.
    MerchantId = "merch_";
    /// A purchase.
    PurchaseId = "pur_";
    /// One offer bought within a purchase.
    ItemId = "item_";
    /// One merchant's part of a purchase.
    SaleId = "sale_";
    /// A refund.
    RefundId = "ref_";
    /// A load of a vault from a card.
    LoadId = "load_";
    /// A transfer between buyers.
    TransferId = "xfer_";
    /// A pre-paid card.
    CardId = "card_";
    /// A batch of cards.
    BatchId = "batch_";
    /// An event.
    EventId = "evt_";
    /// An endpoint of a merchant that is told of events.
    WebhookId = "wh_";
    /// An event on its way to an endpoint.
    DeliveryId = "dlv_";
    /// One try to deliver.
    AttemptId = "att_";
    /// An installed plugin.
    PluginId = "plug_";
    /// A key of a merchant or operator.
    KeyId = "key_";
    /// A journal entry.
    EntryId = "ent_";
    /// A line of a transaction log.
    LogId = "log_";
    /// A table of rates.
    RateTableId = "rate_";
    /// A login session.
    SessionId = "sess_";
    /// A shop as a client of the login: `client_id`.
    LoginClientId = "client_";
    /// What a shop may do and see since a buyer logged in.
    GrantId = "grant_";
    /// A stamp.
    StampId = "stamp_";
    /// A scan of a stamp.
    ScanId = "scan_";
    /// A cover of a currency position.
    TradeId = "trade_";
    /// Tax paid over to an authority.
    RemittanceId = "rem_";
    /// Money paid out to a merchant.
    PayoutId = "pay_";
}

fn write_bits(bits: u128, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let symbols = (0..LENGTH).rev().map(|place| symbol(bits >> (5 * place)));
    f.write_str(&symbols.collect::<String>())
}

fn symbol(bits: u128) -> char {
    let index = usize::try_from(bits & 31).unwrap_or(0);
    ALPHABET.get(index).map_or('0', |byte| char::from(*byte))
}

fn read_bits(text: &str) -> Option<u128> {
    if text.len() != LENGTH {
        return None;
    }
    text.bytes().try_fold(0_u128, |bits, byte| {
        let value = ALPHABET.iter().position(|symbol| *symbol == byte)?;
        // The first symbol holds three bits only.
        if bits >> 123 != 0 { None } else { Some(bits << 5 | u128::try_from(value).ok()?) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_id_is_read_back(bits in any::<u128>()) {
            let id = AccountId::from_random(bits);
            prop_assert_eq!(id.to_string().parse(), Ok(id));
        }

        #[test]
        fn no_text_panics(text in ".*") {
            let _ = text.parse::<AccountId>();
        }
    }

    #[test]
    fn an_id_of_another_kind_is_unknown() {
        let card = CardId::from_random(7).to_string();
        assert_eq!(card, "card_00000000000000000000000007");
        assert_eq!(card.parse::<AccountId>(), Err(IdError));
        assert_eq!("card_z0000000000000000000000000".parse::<CardId>(), Err(IdError), "129 bits");
    }
}
