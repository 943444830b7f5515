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

/// The world of a stamps plugin.
pub mod stamps {
    wit_bindgen::generate!({
        world: "stamps-plugin",
        path: "wit",
        pub_export_macro: true,
        export_macro_name: "export_stamps",
        additional_derives: [PartialEq],
        with: {
            "purser:plugin/types@1.0.0": super::tax::purser::plugin::types,
            "purser:plugin/log@1.0.0": super::tax::purser::plugin::log,
            "purser:plugin/http@1.0.0": generate,
        },
    });
}

/// The world of a webhook plugin.
pub mod webhook {
    wit_bindgen::generate!({
        world: "webhook-plugin",
        path: "wit",
        pub_export_macro: true,
        export_macro_name: "export_webhook",
        additional_derives: [PartialEq],
        with: {
            "purser:plugin/types@1.0.0": super::tax::purser::plugin::types,
            "purser:plugin/log@1.0.0": super::tax::purser::plugin::log,
            "purser:plugin/http@1.0.0": super::stamps::purser::plugin::http,
        },
    });
}

pub use tax::purser::plugin::{log as wire_log, types as wire};
