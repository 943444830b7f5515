//! The keys of smart cards, all derived from one issuer key, and the proof that a chip is NXP's.
//!
//! The derivation is the deterministic one of bolt cards, so that their tools can personalise cards
//! for a gateway: whoever holds the issuer key needs no list of keys, and a chip's number becomes a
//! [`ChipId`] that only the issuer key can compute, so the database holds no number that a reader
//! could recognise. <https://github.com/boltcard/boltcard/blob/main/docs/DETERMINISTIC.md>

use p224::ecdsa::{Signature, VerifyingKey, signature::hazmat::PrehashVerifier};

use super::sun::{FileReadKey, MetaReadKey, Uid, aes_cmac};
use crate::secret::Secret;

/// What a derivation is for: the constants of the bolt card scheme.
const CARD_KEY: [u8; 4] = [0x2D, 0x00, 0x3F, 0x75];
const APP_MASTER: [u8; 4] = [0x2D, 0x00, 0x3F, 0x76];
const META_READ: [u8; 4] = [0x2D, 0x00, 0x3F, 0x77];
const FILE_READ: [u8; 4] = [0x2D, 0x00, 0x3F, 0x78];
const THIRD: [u8; 4] = [0x2D, 0x00, 0x3F, 0x79];
const FOURTH: [u8; 4] = [0x2D, 0x00, 0x3F, 0x7A];
const CHIP_ID: [u8; 4] = [0x2D, 0x00, 0x3F, 0x7B];

/// The first byte of an AN10922 input for an AES-128 key.
const AN10922_AES_128: u8 = 0x01;

/// The public key (uncompressed, secp224r1) that NXP signs the numbers of NTAG 424 DNA chips under:
/// AN12196, table 30.
pub const NTAG_424_DNA_PUBLIC_KEY: [u8; 57] = [
    0x04, 0x8A, 0x9B, 0x38, 0x0A, 0xF2, 0xEE, 0x1B, 0x98, 0xDC, 0x41, 0x7F, 0xEC, 0xC2, 0x63, 0xF8,
    0x44, 0x9C, 0x76, 0x25, 0xCE, 0xCE, 0x82, 0xD9, 0xB9, 0x16, 0xC9, 0x92, 0xDA, 0x20, 0x9D, 0x68,
    0x42, 0x2B, 0x81, 0xEC, 0x20, 0xB6, 0x5A, 0x66, 0xB5, 0x10, 0x2A, 0x61, 0x59, 0x6A, 0xF3, 0x37,
    0x92, 0x00, 0x59, 0x93, 0x16, 0xA0, 0x0A, 0x14, 0x10,
];

/// The key that all keys of an issuer's cards come from. Kept outside the database.
#[derive(Clone)]
pub struct IssuerKey(Secret<16>);

/// What a chip is known by in the database: a keyed hash of its number under the issuer key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChipId([u8; 16]);

impl ChipId {
    /// An id as it was stored.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes to store.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// The keys of one card, as it is personalised with them.
pub struct CardKeys {
    /// What the card's own keys are derived from.
    pub card_key: Secret<16>,
    /// Key 0: changes the card's settings.
    pub app_master: Secret<16>,
    /// Key 1: encrypts chip number and counter; the same on all cards.
    pub meta_read: MetaReadKey,
    /// Key 2: authenticates messages.
    pub file_read: FileReadKey,
    /// Key 3, not used by the gateway.
    pub third: Secret<16>,
    /// Key 4, not used by the gateway.
    pub fourth: Secret<16>,
}

impl IssuerKey {
    /// The key with these bytes.
    pub const fn new(key: Secret<16>) -> Self {
        Self(key)
    }

    /// The key that all of the issuer's cards encrypt their number under.
    pub fn meta_read_key(&self) -> MetaReadKey {
        MetaReadKey::new(self.derive(&META_READ))
    }

    /// What a chip is known by.
    pub fn chip_id(&self, uid: &Uid) -> ChipId {
        ChipId(*self.derive(&join::<11>(&[&CHIP_ID, uid.as_bytes()])).expose())
    }

    /// The keys of the card with this chip. The version counts how often the card was given new
    /// keys, from 1.
    pub fn card_keys(&self, uid: &Uid, version: u32) -> CardKeys {
        let input = join::<15>(&[&CARD_KEY, uid.as_bytes(), &version.to_le_bytes()]);
        let card = Self(self.derive(&input));
        CardKeys {
            app_master: card.derive(&APP_MASTER),
            meta_read: self.meta_read_key(),
            file_read: FileReadKey::new(card.derive(&FILE_READ)),
            third: card.derive(&THIRD),
            fourth: card.derive(&FOURTH),
            card_key: card.0,
        }
    }

    fn derive(&self, input: &[u8]) -> Secret<16> {
        Secret::new(aes_cmac(&self.0, input))
    }
}

/// The system identifier of an AN10922 derivation: 6 to 21 bytes, so that with chip number and
/// application the input is longer than one block and fits into two, where the scheme is a plain
/// CMAC.
#[derive(Debug, Clone, Copy)]
pub struct SystemId<'a>(&'a [u8]);

impl<'a> SystemId<'a> {
    /// The identifier, if its length is in bounds.
    pub fn new(bytes: &'a [u8]) -> Option<Self> {
        (6..=21).contains(&bytes.len()).then_some(Self(bytes))
    }
}

/// A card's AES-128 key by NXP's AN10922, for cards that other systems personalised under a master
/// key.
pub fn diversify_an10922(
    master: &Secret<16>,
    uid: &Uid,
    application: [u8; 3],
    system: SystemId<'_>,
) -> Secret<16> {
    let parts: [&[u8]; 4] = [&[AN10922_AES_128], uid.as_bytes(), &application, system.0];
    Secret::new(aes_cmac(master, &parts.concat()))
}

/// Whether NXP made the chip with this number. It says nothing about the chip at hand: number and
/// signature can be copied, so it guards purchasing of blank cards, not payments.
pub fn is_original(uid: &Uid, signature: &[u8; 56]) -> bool {
    verify_originality(&NTAG_424_DNA_PUBLIC_KEY, uid, signature)
}

fn verify_originality(public_key: &[u8], uid: &Uid, signature: &[u8; 56]) -> bool {
    let Ok(public_key) = VerifyingKey::from_sec1_bytes(public_key) else { return false };
    let Ok(signature) = Signature::from_slice(signature) else { return false };
    // The seven bytes are signed as they are, as if they were a digest: a number, so they stand at
    // the end.
    let digest = join::<28>(&[&[0; 21], uid.as_bytes()]);
    public_key.verify_prehash(&digest, &signature).is_ok()
}

/// The parts one after the other; `N` is their length together.
fn join<const N: usize>(parts: &[&[u8]]) -> [u8; N] {
    let mut joined = [0; N];
    joined.iter_mut().zip(parts.iter().copied().flatten()).for_each(|(to, from)| *to = *from);
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_chip_or_version_has_other_keys_and_another_id() {
        let issuer = IssuerKey::new(Secret::new([1; 16]));
        let (one, two) = (Uid::new([4, 1, 2, 3, 4, 5, 6]), Uid::new([4, 1, 2, 3, 4, 5, 7]));
        let file_read = |uid, version| issuer.card_keys(uid, version).file_read;
        assert!(file_read(&one, 1) == file_read(&one, 1));
        assert!(file_read(&one, 1) != file_read(&one, 2));
        assert!(file_read(&one, 1) != file_read(&two, 1));
        assert_ne!(issuer.chip_id(&one), issuer.chip_id(&two));
        assert!(issuer.card_keys(&one, 1).meta_read == issuer.card_keys(&two, 1).meta_read);
    }

    #[test]
    fn system_ids_keep_the_input_within_two_blocks() {
        assert!(SystemId::new(&[0; 5]).is_none());
        assert!(SystemId::new(&[0; 6]).is_some());
        assert!(SystemId::new(&[0; 21]).is_some());
        assert!(SystemId::new(&[0; 22]).is_none());
    }

    #[test]
    fn a_made_up_signature_is_no_proof() {
        let uid = Uid::new([4; 7]);
        for byte in [0x00, 0x01, 0x7F, 0xFF] {
            assert!(!is_original(&uid, &[byte; 56]), "{byte}");
        }
    }
}
