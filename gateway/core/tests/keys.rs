//! Keys as tools write them and as the key set publishes them.

#![allow(clippy::unwrap_used, clippy::string_slice, reason = "a test fails loudly")]

use proptest::prelude::*;
use purser_core::{
    jws::{Keyring, PublicKey, SigningKey, self_test},
    secret::Secret,
};
use serde_json::json;

fn key(byte: u8) -> SigningKey {
    SigningKey::from_seed(&Secret::new([byte; 32])).unwrap()
}

#[test]
fn public_keys_are_read_as_tools_export_them() {
    // RFC 8037, appendix A.
    let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    let key = PublicKey::parse(x).unwrap();
    assert_eq!(key.thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    let der = [
        &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00],
        key.as_bytes().as_slice(),
    ]
    .concat();
    let base64 = data_encoding::BASE64.encode(&der);
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{base64}\n-----END PUBLIC KEY-----\n");
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": x, "kid": "mine"});
    for text in
        [x.to_owned(), format!(" {x}\n"), pem.clone(), pem.replace('\n', "\r\n"), jwk.to_string()]
    {
        assert_eq!(PublicKey::parse(&text), Ok(key), "{text}");
    }
    let private = json!({"kty": "OKP", "crv": "Ed25519", "x": x, "d": x});
    let x25519 = pem.replace("K2Vw", "K2Vu");
    assert_ne!(x25519, pem);
    for text in [
        String::new(),
        x[1..].to_owned(),
        format!("{x}="),
        pem.replace("PUBLIC", "PRIVATE"),
        x25519,
        "-----BEGIN PUBLIC KEY-----\n".to_owned(),
        private.to_string(),
        json!({"kty": "EC", "crv": "Ed25519", "x": x}).to_string(),
        "{".repeat(3000),
    ] {
        assert!(PublicKey::parse(&text).is_err(), "{text}");
    }
}

/// Points of small order, and a second way to write one: <https://eprint.iacr.org/2020/1244>, table 1 and section 2.
#[test]
fn a_public_key_under_which_everything_is_signed_is_none() {
    for hex in [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0100000000000000000000000000000000000000000000000000000000000080",
    ] {
        let bytes = data_encoding::HEXLOWER.decode(hex.as_bytes()).unwrap();
        let text = data_encoding::BASE64URL_NOPAD.encode(&bytes);
        assert!(PublicKey::parse(&text).is_err(), "{hex}");
    }
}

#[test]
fn the_key_set_is_what_rfc_8037_says() {
    let key = PublicKey::parse("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").unwrap();
    let expected = json!({"keys": [{
        "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        "kid": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", "use": "sig", "alg": "EdDSA",
    }]});
    assert_eq!(serde_json::to_value(Keyring::new([key]).jwks()).unwrap(), expected);
}

#[test]
fn a_key_is_the_same_from_seed_and_from_pkcs8() {
    // RFC 8410, section 7: the seed behind a fixed prefix.
    let prefix = [
        0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04,
        0x20,
    ];
    let der = [prefix.as_slice(), &[5; 32]].concat();
    let key_read = SigningKey::from_pkcs8(&der).unwrap();
    assert_eq!((key_read.public(), key_read.kid()), (key(5).public(), key(5).kid()));
    assert_eq!(key_read.kid(), key(5).public().thumbprint());
    assert!(SigningKey::from_pkcs8(&der[1..]).is_err());
    assert!(SigningKey::from_pkcs8(&[]).is_err());
}

#[test]
fn the_self_test_passes_as_often_as_it_is_asked() {
    assert_eq!(self_test(), Ok(()));
    assert_eq!(self_test(), Ok(()));
}

proptest! {
    #[test]
    fn no_text_panics(text in ".*", der in any::<Vec<u8>>()) {
        let _ = PublicKey::parse(&text);
        let _ = PublicKey::parse(&format!("{{{text}}}"));
        let base64 = data_encoding::BASE64.encode(&der);
        for body in [&text, &base64] {
            let pem = format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----");
            let _ = PublicKey::parse(&pem);
        }
        let _ = SigningKey::from_pkcs8(&der);
    }
}
