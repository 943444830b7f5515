//! Endpoints, and events on their way to them.

diesel::table! {
    webhook (id) {
        id -> Text,
        merchant -> Text,
        url -> Text,
        kinds -> Text,
        plugin -> Text,
        secret -> Binary,
        secret_before -> Nullable<Binary>,
        secret_before_until -> Nullable<BigInt>,
        first_position -> BigInt,
        position -> BigInt,
        created_at -> BigInt,
        disabled_at -> Nullable<BigInt>,
        disabled_reason -> Nullable<Text>,
        slow -> Bool,
        deleted -> Bool,
    }
}

diesel::table! {
    webhook_delivery (id) {
        id -> Text,
        webhook -> Text,
        event -> Text,
        created_at -> BigInt,
        state -> Text,
        next_at -> Nullable<BigInt>,
        failures -> BigInt,
        part -> BigInt,
        claim -> Nullable<Text>,
        claimed_until -> Nullable<BigInt>,
    }
}

diesel::table! {
    webhook_attempt (id) {
        id -> Text,
        delivery -> Text,
        part -> BigInt,
        at -> BigInt,
        outcome -> Text,
        status -> Nullable<BigInt>,
        answer -> Text,
        duration_ms -> BigInt,
    }
}
