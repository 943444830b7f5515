//! The chain of seals over the journal: whoever changes a committed entry breaks it.

use sha2::{Digest, Sha256};

use crate::entry::Entry;

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
/// The same in every database and for ever.
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
        bytes.extend_from_slice(format!("{posting}\n").as_bytes());
    }
    bytes
}
