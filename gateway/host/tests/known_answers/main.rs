//! The examples of `docs/vectors/` that concern the bundled plugins, through the files that are shipped, in the sandbox
//! that runs them.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that cannot go on fails"
)]

use std::{collections::BTreeSet, path::Path};

mod europe;
mod example;
mod numbers;
mod post;
mod rates;
mod world;

use example::{all, text};

/// Through a plugin's file.
const ANSWERED: [&[&str]; 5] =
    [europe::ANSWERED, numbers::ANSWERED, post::ANSWERED, rates::ANSWERED, world::ANSWERED];

/// What no plugin decides, and the test that answers it.
const NATIVE: [(&str, &str); 5] = [
    ("card", "gateway/core/tests/vectors.rs"),
    ("code", "gateway/core/tests/vectors.rs"),
    ("keydiv", "gateway/core/tests/vectors.rs"),
    ("sun", "gateway/core/tests/vectors.rs"),
    ("iso4217", "sdk/money/tests/iso4217.rs"),
];

#[test]
fn every_example_is_answered_through_a_plugin_or_named_with_its_test() {
    let mut answered = BTreeSet::new();
    for id in ANSWERED.into_iter().flatten() {
        assert!(answered.insert(*id), "{id} is answered twice");
    }
    for example in all() {
        let (id, area) = (text(&example["id"]), text(&example["area"]));
        let native = NATIVE.iter().find(|(known, _)| *known == area);
        assert!(answered.remove(id) != native.is_some(), "{id} of {area} has no test, or two");
        if let Some((_, file)) = native {
            let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file);
            let test = std::fs::read_to_string(&file).unwrap();
            let read =
                test.contains("docs/vectors/public.json") && test.contains(&format!("{area:?}"));
            assert!(read, "{} does not read the examples of {area}", file.display());
        }
    }
    assert!(answered.is_empty(), "there are no examples {answered:?}");
}
