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

diesel::table! {
    passkey (id) {
        id -> Binary,
        account -> Nullable<Text>,
        key_hash -> Nullable<Binary>,
        name -> Text,
        handle -> Binary,
        credential -> Text,
        created_at -> BigInt,
        used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    passkey_ceremony (hash) {
        hash -> Binary,
        state -> Text,
        expires_at -> BigInt,
    }
}
