//! Plugins, what they answer for, whom the operator trusts, and shadows.

diesel::table! {
    plugin (id) {
        id -> Text,
        digest -> Binary,
        name -> Text,
        version -> Text,
        role -> Text,
        manifest -> Text,
        component -> Binary,
        status -> Text,
        installed_at -> BigInt,
        publisher -> Nullable<Text>,
        grants -> Text,
    }
}

diesel::table! {
    plugin_binding (role, place, from_date, at) {
        role -> Text,
        place -> Text,
        from_date -> Text,
        plugin -> Nullable<Text>,
        at -> BigInt,
        config -> Nullable<Text>,
    }
}

diesel::table! {
    plugin_key (id) {
        id -> Text,
        name -> Text,
        material -> Binary,
        added_at -> BigInt,
    }
}

diesel::table! {
    plugin_secret (plugin, name) {
        plugin -> Text,
        name -> Text,
        wrapped -> Binary,
    }
}

diesel::table! {
    plugin_shadow (place, plugin) {
        place -> Text,
        plugin -> Text,
        config -> Nullable<Text>,
        started_at -> BigInt,
    }
}

diesel::table! {
    plugin_shadow_tally (plugin, country, merchant, currency) {
        plugin -> Text,
        country -> Text,
        merchant -> Text,
        currency -> Text,
        calls -> BigInt,
        equal -> BigInt,
        failed -> BigInt,
        difference -> BigInt,
    }
}

diesel::table! {
    plugin_shadow_example (plugin, position) {
        plugin -> Text,
        position -> BigInt,
        at -> BigInt,
        document -> Text,
    }
}
