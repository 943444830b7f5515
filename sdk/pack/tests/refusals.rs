//! What is taken for a plugin, and what is refused before any of it runs.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use purser_pack::{ManifestError, PackError, Role, inspect, inspect_within};

const MANIFEST: &str =
    r#"(@custom "purser:manifest" "{\"name\":\"tithe\",\"version\":\"1.0.0\",\"role\":\"tax\"}")"#;

fn refused(text: &str) -> PackError {
    inspect(&wat::parse_str(text).unwrap()).unwrap_err()
}

#[test]
fn only_components_are_inspected() {
    let is_none = |bytes: &[u8]| matches!(inspect(bytes), Err(PackError::NotAComponent(_)));
    assert!(is_none(b""));
    assert!(is_none(b"\0asm"));
    assert!(is_none(b"#!/bin/sh"));
    assert!(is_none(&wat::parse_str("(module)").unwrap()));
}

#[test]
fn size_is_judged_first() {
    let error = inspect_within(&[0; 101], 100).unwrap_err();
    assert!(matches!(error, PackError::TooLarge { size: 101, limit: 100 }));
}

#[test]
fn nothing_but_the_log_is_imported() {
    for import in [
        r#"(import "wasi:cli/environment@0.2.0" (instance (export "get" (func))))"#,
        r#"(import "purser:plugin/log@2.0.0" (instance (export "write" (func))))"#,
        r#"(import "purser:plugin/types@1.0.0" (instance (export "key" (type (sub resource)))))"#,
        r#"(import "clock" (func))"#,
    ] {
        let error = refused(&format!("(component {MANIFEST} {import})"));
        assert!(matches!(error, PackError::ImportRefused(_)), "{import}: {error}");
    }
    // Names of types give power over nothing.
    let types = r#"(type $u8 u8) (import "purser:plugin/types@1.0.0" (instance
        (alias outer 1 $u8 (type $u8))
        (export "level" (type (eq $u8)))))"#;
    let error = refused(&format!("(component {MANIFEST} {types})"));
    assert!(matches!(error, PackError::RoleMissing { .. }), "{error}");
}

#[test]
fn the_manifest_is_one_and_its_own() {
    let manifest = |text: &str| match refused(text) {
        PackError::Manifest(error) => error,
        other => panic!("{text}: {other}"),
    };
    assert_eq!(manifest("(component)"), ManifestError::Missing);
    assert_eq!(manifest(&format!("(component {MANIFEST} {MANIFEST})")), ManifestError::Repeated);
    let inner = format!("(component (component {MANIFEST}))");
    assert_eq!(manifest(&inner), ManifestError::Missing, "of another component");
    let unreadable = r#"(component (@custom "purser:manifest" "{"))"#;
    assert!(matches!(manifest(unreadable), ManifestError::Unreadable(_)));
    let large = format!(r#"(component (@custom "purser:manifest" "{}"))"#, " ".repeat(20_000));
    assert!(matches!(manifest(&large), ManifestError::Unreadable(_)));
}

#[test]
fn a_plugin_exports_the_role_that_it_names() {
    let error = refused(&format!("(component {MANIFEST})"));
    assert!(matches!(error, PackError::RoleMissing { manifest: Role::Tax, .. }), "{error}");
    let export = |role: Role| {
        format!(
            r#"(component {MANIFEST} (instance $i) (export "{}" (instance $i)))"#,
            role.interface()
        )
    };
    let error = refused(&export(Role::Currency));
    assert!(matches!(error, PackError::RoleMissing { .. }), "{error}");
    let error = refused(&export(Role::Tax));
    let PackError::ContractBroken { role: Role::Tax, reason } = error else { panic!("{error}") };
    assert!(reason.contains("missing expected export"), "{reason}");
}
