//! The chart of accounts.

use std::{fmt, str::FromStr};

use purser_money::Currency;

use crate::ids::{AccountId, CardId, MerchantId};

/// An account of the ledger. With the currency of what is posted to it, it is a row of the books.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Account {
    /// What the gateway owes a buyer.
    Vault(AccountId),
    /// Value left on a pre-paid card.
    Card(CardId),
    /// Owed to a merchant; may go below zero by refunds, recovered from later sales.
    Merchant(MerchantId, Currency),
    /// Tax collected and not yet remitted.
    Tax(Taxpayer, Authority, Currency),
    /// The gateway's position from conversions.
    Fx(Currency),
    /// Fees earned.
    IncomeFee(Currency),
    /// Conversion spread earned.
    IncomeFx(Currency),
    /// Real money held for all the others.
    Float(Currency),
    /// Money on its way to a merchant's bank.
    ClearingPayout(Currency),
    /// Money on its way to an authority.
    ClearingRemittance(Currency),
    /// Memo: what a buyer was refunded in the running period.
    Refund(AccountId),
    /// Memo: the other side of every refund account.
    RefundControl,
}

/// Who owes a tax to its authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Taxpayer {
    /// The merchant.
    Merchant(MerchantId),
    /// The operator, as the seller of record.
    Operator,
}

/// A tax authority: 1 to 16 capital letters, digits and hyphens.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Authority(String);

/// Which of the two books a posting belongs to. Each sums to zero by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Book {
    /// Money.
    Money,
    /// Counts that are not money.
    Memo,
}

/// The side on which a balance is positive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// Left.
    Debit,
    /// Right.
    Credit,
}

/// How postings reach the balance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Locked, checked at every posting, never below zero.
    Guarded,
    /// Never locked by a posting; deltas are rolled up afterwards, so that no popular account is a bottleneck.
    Open,
}

/// Not an account's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an account of the chart")]
pub struct AccountError;

impl Account {
    /// The book.
    pub const fn book(&self) -> Book {
        match self {
            Self::Refund(_) | Self::RefundControl => Book::Memo,
            Self::Vault(_)
            | Self::Card(_)
            | Self::Merchant(..)
            | Self::Tax(..)
            | Self::Fx(_)
            | Self::IncomeFee(_)
            | Self::IncomeFx(_)
            | Self::Float(_)
            | Self::ClearingPayout(_)
            | Self::ClearingRemittance(_) => Book::Money,
        }
    }

    /// The side on which its balance is shown as positive.
    pub const fn side(&self) -> Side {
        match self {
            Self::Float(_) | Self::Fx(_) | Self::RefundControl => Side::Debit,
            Self::Vault(_)
            | Self::Card(_)
            | Self::Merchant(..)
            | Self::Tax(..)
            | Self::IncomeFee(_)
            | Self::IncomeFx(_)
            | Self::ClearingPayout(_)
            | Self::ClearingRemittance(_)
            | Self::Refund(_) => Side::Credit,
        }
    }

    /// How postings reach the balance. The refund control account takes part in every refund and has no
    /// floor to guard, so it is open although the refund accounts are guarded.
    pub const fn mode(&self) -> Mode {
        match self {
            Self::Vault(_) | Self::Card(_) | Self::Refund(_) => Mode::Guarded,
            Self::Merchant(..)
            | Self::Tax(..)
            | Self::Fx(_)
            | Self::IncomeFee(_)
            | Self::IncomeFx(_)
            | Self::Float(_)
            | Self::ClearingPayout(_)
            | Self::ClearingRemittance(_)
            | Self::RefundControl => Mode::Open,
        }
    }

    /// The currency in its name, if it has one there: a vault, a card and a refund account have one each.
    pub const fn named_currency(&self) -> Option<Currency> {
        match self {
            Self::Merchant(_, currency)
            | Self::Tax(_, _, currency)
            | Self::Fx(currency)
            | Self::IncomeFee(currency)
            | Self::IncomeFx(currency)
            | Self::Float(currency)
            | Self::ClearingPayout(currency)
            | Self::ClearingRemittance(currency) => Some(*currency),
            Self::Vault(_) | Self::Card(_) | Self::Refund(_) | Self::RefundControl => None,
        }
    }
}

impl Side {
    /// As it is written beside a posting.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Debit => "Dr",
            Self::Credit => "Cr",
        }
    }
}

impl Authority {
    /// Reads an authority's short name.
    pub fn parse(text: &str) -> Result<Self, AccountError> {
        if is_authority(text) { Ok(Self(text.to_owned())) } else { Err(AccountError) }
    }

    /// The short name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether `text` can be an authority's name within an account's name.
pub(crate) fn is_authority(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=16).contains(&text.len()) && text.bytes().all(allowed)
}

impl fmt::Display for Taxpayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Merchant(merchant) => merchant.fmt(f),
            Self::Operator => f.write_str("operator"),
        }
    }
}

impl FromStr for Taxpayer {
    type Err = AccountError;

    fn from_str(text: &str) -> Result<Self, AccountError> {
        match text {
            "operator" => Ok(Self::Operator),
            merchant => merchant.parse().map(Self::Merchant).map_err(|_| AccountError),
        }
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vault(account) => write!(f, "vault:{account}"),
            Self::Card(card) => write!(f, "card:{card}"),
            Self::Merchant(merchant, currency) => write!(f, "merchant:{merchant}:{currency}"),
            Self::Tax(taxpayer, authority, currency) => {
                write!(f, "tax:{taxpayer}:{}:{currency}", authority.0)
            }
            Self::Fx(currency) => write!(f, "fx:{currency}"),
            Self::IncomeFee(currency) => write!(f, "income:fee:{currency}"),
            Self::IncomeFx(currency) => write!(f, "income:fx:{currency}"),
            Self::Float(currency) => write!(f, "float:{currency}"),
            Self::ClearingPayout(currency) => write!(f, "clearing:payout:{currency}"),
            Self::ClearingRemittance(currency) => write!(f, "clearing:remittance:{currency}"),
            Self::Refund(account) => write!(f, "refund:{account}"),
            Self::RefundControl => f.write_str("refund-control"),
        }
    }
}

impl FromStr for Account {
    type Err = AccountError;

    fn from_str(name: &str) -> Result<Self, AccountError> {
        let currency = |code: &str| Currency::parse(code).map_err(|_| AccountError);
        let parts: Vec<&str> = name.split(':').collect();
        Ok(match parts.as_slice() {
            ["vault", account] => Self::Vault(account.parse().map_err(|_| AccountError)?),
            ["card", card] => Self::Card(card.parse().map_err(|_| AccountError)?),
            ["merchant", merchant, code] => {
                Self::Merchant(merchant.parse().map_err(|_| AccountError)?, currency(code)?)
            }
            ["tax", taxpayer, authority, code] => {
                Self::Tax(taxpayer.parse()?, Authority::parse(authority)?, currency(code)?)
            }
            ["fx", code] => Self::Fx(currency(code)?),
            ["income", "fee", code] => Self::IncomeFee(currency(code)?),
            ["income", "fx", code] => Self::IncomeFx(currency(code)?),
            ["float", code] => Self::Float(currency(code)?),
            ["clearing", "payout", code] => Self::ClearingPayout(currency(code)?),
            ["clearing", "remittance", code] => Self::ClearingRemittance(currency(code)?),
            ["refund", account] => Self::Refund(account.parse().map_err(|_| AccountError)?),
            ["refund-control"] => Self::RefundControl,
            _ => return Err(AccountError),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_back() {
        let usd = Currency::parse("USD").unwrap();
        let account = AccountId::from_random(1);
        let merchant = MerchantId::from_random(2);
        let authority = Authority::parse("DE").unwrap();
        for account in [
            Account::Vault(account),
            Account::Card(CardId::from_random(3)),
            Account::Merchant(merchant, usd),
            Account::Tax(Taxpayer::Merchant(merchant), authority.clone(), usd),
            Account::Tax(Taxpayer::Operator, authority, usd),
            Account::Fx(usd),
            Account::IncomeFee(usd),
            Account::IncomeFx(usd),
            Account::Float(usd),
            Account::ClearingPayout(usd),
            Account::ClearingRemittance(usd),
            Account::Refund(account),
            Account::RefundControl,
        ] {
            assert_eq!(account.to_string().parse(), Ok(account));
        }
        for name in ["", "vault", "vault:", "vault:x", "fx:EU", "tax:operator:de:USD", "fx:USD:1"] {
            assert_eq!(name.parse::<Account>(), Err(AccountError), "{name}");
        }
    }
}
