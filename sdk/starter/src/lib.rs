//! What `purser plugin new` writes: the beginning of a plugin for each role, and the SDK's own source beside it.
//!
//! The SDK is not on crates.io, so the program carries it. A plugin has its own copy in `vendor/purser-sdk`: its folder
//! is all that anybody needs to build it, today and after years.

use purser_pack::Role;

/// A text file of the SDK.
#[derive(Debug, Clone, Copy)]
pub struct SourceFile {
    /// Where it is in the SDK, with `/`.
    pub path: &'static str,
    /// What is in it.
    pub text: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// Where a plugin has the SDK.
pub const VENDORED: &str = "vendor/purser-sdk";

/// The country of plugins that are begun without one: a code that ISO 3166 gives to nobody.
pub const NOWHERE: &str = "XX";

/// What the templates leave open.
const NAME: &str = "__NAME__";
const COUNTRY: &str = "__COUNTRY__";
const ROLE: &str = "__ROLE__";

/// What a role's plugin begins as: files and what is in them.
type Template = &'static [(&'static str, &'static str)];

macro_rules! template {
    ($role:literal: $($path:literal),*) => {
        &[$(($path, include_str!(concat!("../templates/", $role, "/", $path)))),*]
    };
}

const SHARED: Template = template!("shared": "Cargo.toml", "README.md", ".gitignore");

/// The files of a plugin's beginning, without the SDK. `name` is one that a manifest takes, `country` two capital letters.
pub fn files(role: Role, name: &str, country: &str) -> Vec<(&'static str, String)> {
    let of_role: Template = match role {
        Role::Tax => template!("tax": "plugin.toml", "src/lib.rs", "tests/examples.json"),
        Role::Currency => template!(
            "currency": "plugin.toml", "src/lib.rs", "tests/examples.json", "tests/rates.csv"
        ),
        Role::Stamps => template!("stamps": "plugin.toml", "src/lib.rs", "tests/examples.json"),
        Role::Webhook => template!("webhook": "plugin.toml", "src/lib.rs", "tests/examples.json"),
    };
    let filled = |(path, text): &(&'static str, &str)| {
        let text = text.replace(NAME, name).replace(COUNTRY, country);
        (*path, text.replace(ROLE, role.name()))
    };
    let lock = ("Cargo.lock", LOCK.to_owned());
    SHARED.iter().chain(of_role).map(filled).chain([lock]).collect()
}

/// Whether cargo would take `name` for a crate that every plugin depends on.
pub fn is_taken(name: &str) -> bool {
    name.starts_with("purser-") || LOCK.contains(&format!("name = \"{name}\"\n"))
}
