//! What the pages keep.

diesel::table! {
    browser_session (hash) {
        hash -> Binary,
        kind -> Text,
        session -> Nullable<Text>,
        key_hash -> Nullable<Binary>,
        created_at -> BigInt,
        expires_at -> BigInt,
    }
}
