//! What `wit-bindgen` makes of the contract in `sdk/wit`: the shapes that cross the border.
//!
//! Authors use the types of this crate instead, which cannot hold nonsense. The modules are public
//! because the registration macros expand in the author's crate.

/// The world of a tax plugin.
pub mod tax {
    wit_bindgen::generate!({
        world: "tax-plugin",
        path: "wit",
        pub_export_macro: true,
        export_macro_name: "export_tax",
        additional_derives: [PartialEq],
        generate_all,
    });
}

/// The world of a currency plugin. Its shared types are those of the tax world.
pub mod currency {
    wit_bindgen::generate!({
        world: "currency-plugin",
        path: "wit",
        pub_export_macro: true,
        export_macro_name: "export_currency",
        additional_derives: [PartialEq],
        with: {
            "purser:plugin/types@1.0.0": super::tax::purser::plugin::types,
            "purser:plugin/log@1.0.0": super::tax::purser::plugin::log,
        },
    });
}

pub use tax::purser::plugin::{log as wire_log, types as wire};
