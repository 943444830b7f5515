//! Files that are broken, or made to break whoever reads them: each is refused with a reason, and nothing panics.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use proptest::prelude::*;
use purser_pack::{ManifestError, PackError, inspect, inspect_within};

const MANIFEST: &str =
    r#"(@custom "purser:manifest" "{\"name\":\"tithe\",\"version\":\"1.0.0\",\"role\":\"tax\"}")"#;

/// A component that is valid, has a manifest, a module and an instance, and is refused only for what it does not export.
fn component() -> Vec<u8> {
    let text = format!(
        r#"(component {MANIFEST}
            (core module $m (memory (export "memory") 1) (table 1 funcref)
                (data (i32.const 0) "text") (func (export "f") (result i32) i32.const 1))
            (core instance $i (instantiate $m))
            (type $t (func (result u32)))
            (func $f (type $t) (canon lift (core func $i "f")))
            (instance $tax (export "describe" (func $f)))
            (export "purser:plugin/tax@1.0.0" (instance $tax)))"#
    );
    wat::parse_str(text).unwrap()
}

fn section(id: u8, data: &[u8]) -> Vec<u8> {
    let mut section = vec![id];
    let mut rest = data.len();
    while rest >= 0x80 {
        section.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    section.push(rest as u8);
    section.extend_from_slice(data);
    section
}

fn why(bytes: &[u8]) -> String {
    inspect(bytes).unwrap_err().to_string()
}

#[test]
fn what_is_cut_off_anywhere_is_refused() {
    let whole = component();
    assert!(why(&whole).contains("does not fit the contract"), "{}", why(&whole));
    for length in 0..whole.len() {
        let error = inspect(&whole[..length]).unwrap_err();
        // A cut between two sections leaves a component that is valid, but is no plugin.
        let told = matches!(
            error,
            PackError::NotAComponent(_)
                | PackError::Manifest(ManifestError::Missing)
                | PackError::RoleMissing { .. }
                | PackError::ContractBroken { .. }
        );
        assert!(told, "{length}: {error}");
    }
}

#[test]
fn another_beginning_is_no_component() {
    for (at, byte) in [(0, 0x7f), (1, b'A'), (3, b'M'), (4, 1), (4, 0xff), (6, 2)] {
        let mut bytes = component();
        bytes[at] = byte;
        assert!(matches!(inspect(&bytes), Err(PackError::NotAComponent(_))), "{at}");
    }
    // A module in a component's clothes, and the other way round.
    assert!(why(&wat::parse_str("(module)").unwrap()).contains("core module"));
}

#[test]
fn a_second_manifest_is_refused_also_at_the_end() {
    let second = [&[15][..], b"purser:manifest{}"].concat();
    let bytes = [component(), section(0, &second)].concat();
    assert!(matches!(inspect(&bytes), Err(PackError::Manifest(ManifestError::Repeated))));
}

#[test]
fn components_in_components_come_to_an_end() {
    let empty = wat::parse_str("(component)").unwrap();
    // Beside each other they are only many.
    let many = [component(), section(4, &empty).repeat(2000)].concat();
    assert!(inspect(&many).is_err());
    // In each other they would be a stack overflow for a careless reader.
    let header = &empty[..8];
    let mut deep = empty.clone();
    for _ in 0..5000 {
        deep = [header, &section(4, &deep)].concat();
    }
    assert!(deep.len() < 100_000);
    assert!(matches!(inspect(&deep), Err(PackError::Manifest(ManifestError::Missing))));
    assert!(why(&[component(), section(4, &deep)].concat()).contains("does not fit the contract"));
}

#[test]
fn sizes_that_are_only_claimed_are_not_believed() {
    for claim in [
        // Each says that four thousand million things follow.
        section(1, &[0, b'a', b's', b'm', 1, 0, 0, 0, 10, 5, 0xff, 0xff, 0xff, 0xff, 0x0f]),
        section(10, &[0xff, 0xff, 0xff, 0xff, 0x0f]),
        vec![7, 0xff, 0xff, 0xff, 0xff, 0x0f],
    ] {
        let bytes = [component(), claim].concat();
        assert!(matches!(inspect(&bytes), Err(PackError::NotAComponent(_))), "{}", why(&bytes));
    }
}

#[test]
fn fifty_megabytes_are_judged_by_their_size() {
    let error = inspect(&vec![0; 50 * 1024 * 1024]).unwrap_err();
    assert!(error.to_string().contains("52428800 bytes"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(inspect(&bytes).is_err());
        let headed = [b"\0asm\x0d\0\x01\0".as_slice(), &bytes].concat();
        prop_assert!(inspect(&headed).is_err());
    }

    #[test]
    fn no_change_of_a_component_makes_the_reader_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
        twice in any::<prop::sample::Index>(),
    ) {
        let mut bytes = component();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let _ = inspect(&bytes);
        let doubled = [&bytes[..], &bytes[twice.index(bytes.len())..]].concat();
        let _ = inspect(&doubled);
        let cut = cut.index(bytes.len());
        let _ = inspect_within(&bytes[..cut], cut);
    }
}
