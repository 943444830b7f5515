//! The chain of seals over the journal: whoever changes a committed entry breaks it.

use sha2::{Digest, Sha256};

use crate::entry::{Entry, Posting};

/// The hash that a seal is of, and the next one starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SealHash(pub [u8; 32]);

impl SealHash {
    /// What the first seal starts from.
    pub const ORIGIN: Self = Self([0; 32]);

    /// The hash after `entries`, which take positions from `first_position` on.
    pub fn after<'a>(
        self,
        first_position: i64,
        entries: impl IntoIterator<Item = &'a Entry>,
    ) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"purser seal 1");
        hash.update(self.0);
        hash.update(first_position.to_be_bytes());
        for entry in entries {
            let bytes = canonical(entry);
            hash.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(bytes);
        }
        Self(hash.finalize().into())
    }
}

/// The bytes of an entry that a seal covers: a line for the entry, and one for each posting in order.
/// The same in every database and for ever: amounts are in minor units, so that no revision of ISO 4217
/// changes them, and no part holds a space or a line break, so that no two entries have the same bytes.
pub fn canonical(entry: &Entry) -> Vec<u8> {
    let head = format!(
        "{} {} {} {}\n",
        entry.id(),
        entry.at().as_microsecond(),
        entry.kind().name(),
        entry.object()
    );
    let mut bytes = head.into_bytes();
    for posting in entry.postings() {
        let Posting { account, side, amount } = posting;
        let (minor, currency) = (amount.minor(), amount.currency());
        let line = format!("{} {account} {minor} {currency}\n", side.name());
        bytes.extend_from_slice(line.as_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use purser_money::{Currency, Money};

    use super::*;
    use crate::{
        account::Account,
        entry::EntryKind,
        ids::{AccountId, CardId, EntryId},
    };

    fn entry(id: u128, minor: i64) -> Entry {
        let amount = Money::new(minor, Currency::parse("USD").unwrap());
        let legs = vec![
            Posting::debit(Account::Card(CardId::from_random(1)), amount),
            Posting::credit(Account::Vault(AccountId::from_random(2)), amount),
        ];
        let at = Timestamp::from_microsecond(1_719_576_000_000_001).unwrap();
        Entry::new(EntryId::from_random(id), at, EntryKind::Load, "load_1", legs).unwrap()
    }

    #[test]
    fn the_sealed_bytes_of_an_entry_never_change() {
        assert_eq!(
            String::from_utf8(canonical(&entry(7, 2548))).unwrap(),
            "ent_00000000000000000000000007 1719576000000001 load load_1\n\
             Dr card:card_00000000000000000000000001 2548 USD\n\
             Cr vault:acct_00000000000000000000000002 2548 USD\n"
        );
    }

    #[test]
    fn whatever_changes_breaks_the_chain() {
        let (one, two) = (entry(1, 100), entry(2, 200));
        let seal = SealHash::ORIGIN.after(1, [&one, &two]);
        assert_eq!(seal, SealHash::ORIGIN.after(1, [&one, &two]));
        let (richer, renamed) = (entry(1, 101), entry(3, 100));
        let others = [
            SealHash::ORIGIN.after(1, [&two, &one]),
            SealHash::ORIGIN.after(1, [&one]),
            SealHash::ORIGIN.after(1, [&one, &two, &two]),
            SealHash::ORIGIN.after(2, [&one, &two]),
            SealHash::ORIGIN.after(1, [&richer, &two]),
            SealHash::ORIGIN.after(1, [&renamed, &two]),
            SealHash::ORIGIN.after(1, [&one]).after(2, [&two]),
            seal.after(3, []),
            seal.after(1, [&one, &two]),
        ];
        assert!(others.iter().all(|other| *other != seal));
    }
}
