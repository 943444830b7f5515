//! A vendor's keys: what marks its stamps as genuine.

use aws_lc_rs::{
    hmac,
    signature::{ED25519, Ed25519KeyPair, UnparsedPublicKey},
};

use crate::{
    jws::{KeyError, PublicKey, SigningKey},
    secret::Secret,
};

/// A small symbol has room for so much of its HMAC: whoever guesses needs the gateway for each try.
pub const LITE_MAC_BYTES: usize = 8;

/// The secret half of a vendor's key.
pub struct VendorSecret {
    /// The seed of the Ed25519 key, for full symbols.
    pub seed: Secret<32>,
    /// The HMAC key, for small symbols.
    pub mac: Secret<32>,
}

impl VendorSecret {
    /// What anyone checks full symbols with.
    pub fn public(&self) -> Result<PublicKey, KeyError> {
        SigningKey::from_seed(&self.seed).map(|key| key.public())
    }

    /// An Ed25519 signature. The same message has the same signature.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(self.seed.expose());
        let signature = pair.map_err(|_| KeyError::PrivateKey)?.sign(message);
        Ok(signature.as_ref().to_vec())
    }

    /// The beginning of an HMAC-SHA-256.
    pub fn sign_lite(&self, message: &[u8]) -> Vec<u8> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.mac.expose());
        hmac::sign(&key, message).as_ref().iter().copied().take(LITE_MAC_BYTES).collect()
    }
}

/// Whether the owner of `key` signed `message`.
pub fn is_genuine(key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ED25519, key.as_bytes()).verify(message, signature).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_key_and_every_byte_make_a_stamp_genuine() {
        let secret = VendorSecret { seed: Secret::new([1; 32]), mac: Secret::new([2; 32]) };
        let other = VendorSecret { seed: Secret::new([3; 32]), mac: Secret::new([4; 32]) };
        let (message, changed) = (b"one stamp", b"two stamp");
        let signature = secret.sign(message).unwrap();
        assert_eq!(signature.len(), 64);
        assert!(is_genuine(&secret.public().unwrap(), message, &signature));
        assert!(!is_genuine(&secret.public().unwrap(), changed, &signature));
        assert!(!is_genuine(&other.public().unwrap(), message, &signature));
        let mac = secret.sign_lite(message);
        assert_eq!(mac.len(), LITE_MAC_BYTES);
        assert_eq!(secret.sign_lite(message), mac);
        assert_ne!(secret.sign_lite(changed), mac);
        assert_ne!(other.sign_lite(message), mac);
    }

    /// RFC 8032, section 7.1, test 2.
    #[test]
    fn a_signature_is_that_of_rfc_8032() {
        let hex = |text: &str| data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap();
        let seed = hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
        let secret =
            VendorSecret { seed: Secret::new(seed.try_into().unwrap()), mac: Secret::new([0; 32]) };
        let signature = hex("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
             085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
        assert_eq!(secret.sign(&[0x72]).unwrap(), signature);
    }
}
