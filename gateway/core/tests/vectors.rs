//! The published examples for codes and cards, from `docs/vectors/public.json`. Each example names
//! its source there.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails loudly"
)]

use std::{collections::BTreeMap, fs};

use data_encoding::HEXLOWER_PERMISSIVE;
use purser_core::{
    card::{
        FileReadKey, IssuerKey, MetaReadKey, Reading, Tap, TapCounter, Uid,
        code::{check_symbol, crockford, iso7064_mod37_36, luhn},
        keys::{NTAG_424_DNA_PUBLIC_KEY, SystemId, diversify_an10922, is_original},
        sun,
    },
    secret::Secret,
};
use serde_json::Value;

struct Example {
    id: String,
    input: Value,
    expected: Value,
}

/// The examples of one area, by id. Their number is stated, so that none is lost or added
/// unnoticed.
fn examples<const N: usize>(area: &str) -> [Example; N] {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/vectors/public.json");
    let all: Vec<Value> = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let of_area = all.into_iter().filter(|example| example["area"] == area);
    let examples: Vec<Example> = of_area
        .map(|mut example| Example {
            id: example["id"].as_str().unwrap().to_owned(),
            input: example["input"].take(),
            expected: example["expected"].take(),
        })
        .collect();
    let count = examples.len();
    examples.try_into().unwrap_or_else(|_| panic!("{count} examples of {area}, not {N}"))
}

fn bytes<const N: usize>(hex: &Value) -> [u8; N] {
    let hex = hex.as_str().unwrap();
    HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).unwrap().try_into().unwrap()
}

fn uid(hex: &Value) -> Uid {
    Uid::new(bytes(hex))
}

fn count(number: &Value) -> TapCounter {
    TapCounter::new(number.as_u64().unwrap().try_into().unwrap()).unwrap()
}

#[test]
fn check_characters_of_codes() {
    for Example { id, input, expected } in examples::<3>("code") {
        match id.as_str() {
            "luhn" => {
                let digit = luhn(input.as_str().unwrap()).unwrap();
                assert_eq!(format!("check digit {digit}"), expected.as_str().unwrap());
            }
            "iso7064-37-36" => {
                let character = iso7064_mod37_36(input.as_str().unwrap()).unwrap();
                assert_eq!(character.to_string(), expected.as_str().unwrap());
            }
            "crockford" => {
                let (numbers, texts) = (input.as_array().unwrap(), expected.as_array().unwrap());
                assert_eq!((numbers.len(), texts.len()), (5, 5));
                for (number, text) in numbers.iter().zip(texts) {
                    let number = u128::from(number.as_u64().unwrap());
                    assert_eq!(
                        format!("{}+{}", crockford(number), check_symbol(number)),
                        text.as_str().unwrap()
                    );
                }
            }
            other => panic!("no test for {other}"),
        }
    }
}

#[test]
fn messages_of_tapped_cards() {
    for Example { id, input, expected } in examples::<5>("sun") {
        match id.as_str() {
            "sun-plain" => a_message_in_the_clear(&input, &expected),
            "sun-bad-mac" => a_wrong_mac(&input),
            _ => an_encrypted_message(&id, &input, &expected),
        }
    }
}

/// Both ways: what the card sent is read and verified, and a chip of the same keys sends the same.
fn an_encrypted_message(id: &str, input: &Value, expected: &Value) {
    let meta_read = MetaReadKey::new(Secret::new(bytes(&input["sdm_meta_read_key"])));
    let file_read = FileReadKey::new(Secret::new(bytes(&input["sdm_file_read_key"])));
    let mac_input = input["mac_input_ascii"].as_str().unwrap().as_bytes();
    let tap =
        Tap::parse(input["picc_enc_data"].as_str().unwrap(), expected["sdmmac"].as_str().unwrap())
            .unwrap();

    let reading = sun::read(&meta_read, &tap.picc_data).ok().unwrap();
    assert!(reading.uid == uid(&expected["uid"]), "{id}");
    assert_eq!(reading.counter, count(&expected["ctr"]), "{id}");
    assert_eq!(
        sun::session_mac_key(&file_read, &reading).expose(),
        &bytes::<16>(&expected["k_ses_mac"]),
        "{id}"
    );
    assert!(sun::verify(&file_read, &reading, mac_input, &tap.cmac), "{id}");

    let plain = bytes::<16>(&expected["picc_plain"]);
    let filler = plain[11..].try_into().unwrap();
    let sent = Tap::of_chip(&meta_read, &file_read, &reading, mac_input, filler);
    assert!(sent == tap, "{id}");

    let mut changed = tap.cmac;
    changed[7] ^= 1;
    assert!(!sun::verify(&file_read, &reading, mac_input, &changed), "{id}");
    assert!(!sun::verify(&file_read, &reading, b"other", &tap.cmac), "{id}");
}

fn a_message_in_the_clear(input: &Value, expected: &Value) {
    let key = FileReadKey::new(Secret::new(bytes(&input["key"])));
    let reading = Reading { uid: uid(&input["uid"]), counter: count(&input["ctr"]) };
    assert!(sun::verify(&key, &reading, b"", &bytes(&expected["sdmmac"])));
    assert_eq!(sun::mac(&key, &reading, b""), bytes(&expected["sdmmac"]));
}

/// The message of AN12196 table 6 with another MAC, whether or not the MAC covers the file data.
fn a_wrong_mac(input: &Value) {
    let zero = || Secret::new([0; 16]);
    let tap =
        Tap::parse(input["picc_enc_data"].as_str().unwrap(), input["sdmmac"].as_str().unwrap())
            .unwrap();
    let reading = sun::read(&MetaReadKey::new(zero()), &tap.picc_data).ok().unwrap();
    for mac_input in ["", "CEE9A53E3E463EF1F459635736738962&cmac="] {
        assert!(!sun::verify(&FileReadKey::new(zero()), &reading, mac_input.as_bytes(), &tap.cmac));
    }
}

#[test]
fn keys_of_cards() {
    for Example { id, input, expected } in examples::<2>("keydiv") {
        match id.as_str() {
            "an10922-aes128" => {
                let system = HEXLOWER_PERMISSIVE
                    .decode(input["sysid"].as_str().unwrap().as_bytes())
                    .unwrap();
                let system = SystemId::new(&system).unwrap();
                let master = Secret::new(bytes(&input["master"]));
                let key =
                    diversify_an10922(&master, &uid(&input["uid"]), bytes(&input["aid"]), system);
                assert_eq!(key.expose(), &bytes::<16>(&expected));
            }
            "boltcard-deterministic" => keys_of_a_bolt_card(&input, &expected),
            other => panic!("no test for {other}"),
        }
    }
}

fn keys_of_a_bolt_card(input: &Value, expected: &Value) {
    let issuer = IssuerKey::new(Secret::new(bytes(&input["issuer_key"])));
    let uid = uid(&input["uid"]);
    let keys = issuer.card_keys(&uid, input["version"].as_u64().unwrap().try_into().unwrap());
    let derived = BTreeMap::from([
        ("CardKey", *keys.card_key.expose()),
        ("K0", *keys.app_master.expose()),
        ("K1", *keys.meta_read.secret().expose()),
        ("K2", *keys.file_read.secret().expose()),
        ("K3", *keys.third.expose()),
        ("K4", *keys.fourth.expose()),
        ("ID", *issuer.chip_id(&uid).as_bytes()),
    ]);
    assert_eq!(expected.as_object().unwrap().len(), derived.len());
    for (name, key) in derived {
        assert_eq!(key, bytes::<16>(&expected[name]), "{name}");
    }
}

#[test]
fn originality_of_chips() {
    let [Example { id, input, expected }] = examples::<1>("card");
    assert_eq!(
        (id.as_str(), expected.as_str(), input["curve"].as_str()),
        ("ntag-originality", Some("valid"), Some("secp224r1"))
    );
    assert_eq!(NTAG_424_DNA_PUBLIC_KEY, bytes::<57>(&input["pub"]));
    let (r, s): ([u8; 28], [u8; 28]) = (bytes(&input["sig_r"]), bytes(&input["sig_s"]));
    let chip = bytes::<7>(&input["uid_as_digest"]);
    let mut signature: [u8; 56] = [r, s].concat().try_into().unwrap();
    assert!(is_original(&Uid::new(chip), &signature));

    let mut other = chip;
    other[6] ^= 1;
    assert!(!is_original(&Uid::new(other), &signature), "another chip");
    signature[55] ^= 1;
    assert!(!is_original(&Uid::new(chip), &signature), "another signature");
}
