//! Secure Unique NFC messages of NTAG 424 DNA chips, as NXP's AN12196 (rev 1.8) describes them in
//! AES mode.
//!
//! At each tap the chip shows its number and a counter, encrypted under a key that all cards of an
//! issuer share, and a truncated CMAC under a key of its own. So a reader without keys sees noise,
//! and a copy of one message is worth nothing once a newer one was seen: whoever loads a card must
//! require a counter above the last. Messages in LRP mode (24 bytes of PICC data) are not read.

use aes::{
    Aes128,
    cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit},
};
use cmac::{Cmac, Mac};
use data_encoding::HEXLOWER_PERMISSIVE;
use subtle::ConstantTimeEq;

use super::CardRefused;
use crate::secret::Secret;

/// "UID and counter are mirrored, the UID has seven bytes": the only layout an NTAG 424 DNA is
/// given here.
const PICC_DATA_TAG: u8 = 0xC7;
/// The prefix of SV2, from which the session key for MACs is derived.
const SESSION_MAC_PREFIX: [u8; 6] = [0x3C, 0xC3, 0x00, 0x01, 0x00, 0x80];

/// A chip's seven-byte number. It is not stored, and not shown: it identifies a card that somebody
/// carries.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Uid([u8; 7]);

impl Uid {
    /// The number with these bytes, in the order that readers print.
    pub const fn new(bytes: [u8; 7]) -> Self {
        Self(bytes)
    }

    /// Reads 14 hexadecimal digits.
    pub fn parse(hex: &str) -> Result<Self, CardRefused> {
        decode(hex).map(Self)
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 7] {
        &self.0
    }
}

/// How often a chip was tapped: 24 bits, and every accepted tap must be above the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TapCounter(u32);

impl TapCounter {
    /// The counter of a chip that was never tapped.
    pub const ZERO: Self = Self(0);

    /// A counter, if it fits into 24 bits.
    pub const fn new(count: u32) -> Option<Self> {
        if count >> 24 == 0 { Some(Self(count)) } else { None }
    }

    /// The number of taps.
    pub const fn get(self) -> u32 {
        self.0
    }

    fn least_byte_first(self) -> [u8; 3] {
        let [one, two, three, _] = self.0.to_le_bytes();
        [one, two, three]
    }
}

/// The key that PICC data is encrypted under (`SDMMetaReadKey`): one for all cards of an issuer,
/// since the chip's number is only known after decryption.
#[derive(Clone, PartialEq, Eq)]
pub struct MetaReadKey(Secret<16>);

impl MetaReadKey {
    /// The key with these bytes.
    pub const fn new(key: Secret<16>) -> Self {
        Self(key)
    }

    /// Reads 32 hexadecimal digits.
    pub fn parse(hex: &str) -> Result<Self, CardRefused> {
        decode(hex).map(|bytes| Self(Secret::new(bytes)))
    }

    /// The bytes, to be encrypted for storage.
    pub const fn secret(&self) -> &Secret<16> {
        &self.0
    }
}

/// The key that messages are authenticated under (`SDMFileReadKey`): each card's own.
#[derive(Clone, PartialEq, Eq)]
pub struct FileReadKey(Secret<16>);

impl FileReadKey {
    /// The key with these bytes.
    pub const fn new(key: Secret<16>) -> Self {
        Self(key)
    }

    /// Reads 32 hexadecimal digits.
    pub fn parse(hex: &str) -> Result<Self, CardRefused> {
        decode(hex).map(|bytes| Self(Secret::new(bytes)))
    }

    /// The bytes, to be encrypted for storage.
    pub const fn secret(&self) -> &Secret<16> {
        &self.0
    }
}

/// What a tapped card put into its link: nothing in it is trusted yet. Until it is used it is worth
/// what the card is worth, so it is not shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Tap {
    /// Encrypted chip number and counter.
    pub picc_data: [u8; 16],
    /// The truncated CMAC.
    pub cmac: [u8; 8],
}

impl Tap {
    /// Reads the hexadecimal digits of a link, in either case.
    pub fn parse(picc_data: &str, cmac: &str) -> Result<Self, CardRefused> {
        Ok(Self { picc_data: decode(picc_data)?, cmac: decode(cmac)? })
    }

    /// The message that a chip with these keys shows at this reading: what demonstrations and card
    /// terminals without a chip send. The filler is the random bytes that make equal readings look
    /// different.
    pub fn of_chip(
        meta_read: &MetaReadKey,
        file_read: &FileReadKey,
        reading: &Reading,
        mac_input: &[u8],
        filler: [u8; 5],
    ) -> Self {
        let mut block = [0; 16];
        let plain = [PICC_DATA_TAG].into_iter().chain(reading.mirrored()).chain(filler);
        block.iter_mut().zip(plain).for_each(|(to, from)| *to = from);
        let mut block = block.into();
        Aes128::new(meta_read.0.expose().into()).encrypt_block(&mut block);
        Self { picc_data: block.into(), cmac: mac(file_read, reading, mac_input) }
    }
}

/// What a chip said about itself.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// The chip.
    pub uid: Uid,
    /// How often it was tapped.
    pub counter: TapCounter,
}

impl Reading {
    fn mirrored(&self) -> impl Iterator<Item = u8> {
        self.uid.0.into_iter().chain(self.counter.least_byte_first())
    }
}

/// Decrypts PICC data. Success proves nothing: under a wrong key one message in 256 looks right.
/// Only [`verify`] tells.
pub fn read(key: &MetaReadKey, picc_data: &[u8; 16]) -> Result<Reading, CardRefused> {
    // CBC of a single block with a zero vector is the bare cipher.
    let mut block = (*picc_data).into();
    Aes128::new(key.0.expose().into()).decrypt_block(&mut block);
    let [tag, u0, u1, u2, u3, u4, u5, u6, c0, c1, c2, ..]: [u8; 16] = block.into();
    if tag != PICC_DATA_TAG {
        return Err(CardRefused);
    }
    let counter = TapCounter(u32::from_le_bytes([c0, c1, c2, 0]));
    Ok(Reading { uid: Uid([u0, u1, u2, u3, u4, u5, u6]), counter })
}

/// Whether the chip with this key made the message. `mac_input` is the file data that the MAC
/// covers, from its input offset to the MAC itself: empty unless the card was personalised
/// otherwise. Takes the same time whatever differs.
pub fn verify(key: &FileReadKey, reading: &Reading, mac_input: &[u8], cmac: &[u8; 8]) -> bool {
    mac(key, reading, mac_input).ct_eq(cmac).into()
}

/// The truncated MAC of a message (`SDMMAC`): every second byte of the CMAC under the session key.
pub fn mac(key: &FileReadKey, reading: &Reading, mac_input: &[u8]) -> [u8; 8] {
    let full = aes_cmac(&session_mac_key(key, reading), mac_input);
    let mut truncated = [0; 8];
    truncated.iter_mut().zip(full.iter().skip(1).step_by(2)).for_each(|(to, from)| *to = *from);
    truncated
}

/// The key for the MAC of one reading (`KSesSDMFileReadMAC`).
pub fn session_mac_key(key: &FileReadKey, reading: &Reading) -> Secret<16> {
    let mut vector = [0; 16];
    let input = SESSION_MAC_PREFIX.into_iter().chain(reading.mirrored());
    vector.iter_mut().zip(input).for_each(|(to, from)| *to = from);
    Secret::new(aes_cmac(&key.0, &vector))
}

/// AES-128 CMAC (NIST SP 800-38B).
pub(super) fn aes_cmac(key: &Secret<16>, message: &[u8]) -> [u8; 16] {
    Cmac::<Aes128>::new(key.expose().into()).chain_update(message).finalize().into_bytes().into()
}

/// `N` bytes from hexadecimal digits of either case.
fn decode<const N: usize>(hex: &str) -> Result<[u8; N], CardRefused> {
    let mut bytes = [0; N];
    if hex.len() != 2 * N {
        return Err(CardRefused);
    }
    let written = HEXLOWER_PERMISSIVE.decode_mut(hex.as_bytes(), &mut bytes);
    if written == Ok(N) { Ok(bytes) } else { Err(CardRefused) }
}

#[cfg(test)]
#[allow(clippy::string_slice, reason = "the texts are ASCII")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn keys(byte: u8) -> (MetaReadKey, FileReadKey) {
        let key = Secret::new([byte; 16]);
        (MetaReadKey::new(key.clone()), FileReadKey::new(key))
    }

    #[test]
    fn a_garbled_tap_is_refused() {
        let whole = ("00".repeat(16), "00".repeat(8));
        assert!(Tap::parse(&whole.0, &whole.1).is_ok());
        for (picc_data, cmac) in [
            ("", ""),
            (&whole.0[1..], &whole.1),
            (&whole.0, &whole.1[2..]),
            (&"0g".repeat(16), &whole.1),
            (&whole.0, "\u{661}\u{661}\u{661}\u{661}\u{661}\u{661}\u{661}\u{661}"),
            (&"00".repeat(24), &whole.1),
        ] {
            assert!(Tap::parse(picc_data, cmac) == Err(CardRefused), "{picc_data} {cmac}");
        }
    }

    #[test]
    fn counters_have_24_bits() {
        assert_eq!(TapCounter::new(0x00FF_FFFF).map(TapCounter::get), Some(0x00FF_FFFF));
        assert_eq!(TapCounter::new(0x0100_0000), None);
        assert!(TapCounter::ZERO < TapCounter(1));
    }

    proptest! {
        #[test]
        fn what_a_chip_shows_is_read_and_verified(
            uid in any::<[u8; 7]>(),
            count in 0_u32..1 << 24,
            filler in any::<[u8; 5]>(),
            input in any::<Vec<u8>>(),
        ) {
            let (meta_read, file_read) = keys(3);
            let reading = Reading { uid: Uid::new(uid), counter: TapCounter(count) };
            let tap = Tap::of_chip(&meta_read, &file_read, &reading, &input, filler);
            prop_assert!(read(&meta_read, &tap.picc_data) == Ok(reading));
            prop_assert!(verify(&file_read, &reading, &input, &tap.cmac));
            prop_assert!(!verify(&keys(4).1, &reading, &input, &tap.cmac));
            let later = Reading { counter: TapCounter(count ^ 1), ..reading };
            prop_assert!(!verify(&file_read, &later, &input, &tap.cmac));
        }

        #[test]
        fn no_tap_panics(picc_data in ".*", cmac in ".*", block in any::<[u8; 16]>()) {
            let _ = Tap::parse(&picc_data, &cmac);
            let _ = read(&keys(1).0, &block);
        }
    }
}
