//! Logging in at a shop.

diesel::table! {
    login_client (id) {
        id -> Text,
        merchant -> Text,
        name -> Nullable<Text>,
        secret_hash -> Binary,
        redirect_uris -> Text,
        post_logout_redirect_uris -> Text,
        require_pkce -> Bool,
        id_token_alg -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    login_consent (account, merchant) {
        account -> Text,
        merchant -> Text,
        scopes -> Text,
        at -> BigInt,
    }
}

diesel::table! {
    login_grant (id) {
        id -> Text,
        client -> Text,
        account -> Text,
        session -> Text,
        scopes -> Text,
        code_hash -> Binary,
        redirect_uri -> Text,
        challenge -> Nullable<Binary>,
        nonce -> Nullable<Text>,
        auth_time -> Nullable<BigInt>,
        used -> Bool,
        created_at -> BigInt,
        expires_at -> BigInt,
        ends_after -> BigInt,
        ends_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    login_refresh (hash) {
        hash -> Binary,
        of_grant -> Text,
        used -> Bool,
        expires_at -> BigInt,
    }
}

diesel::table! {
    login_key (alg) {
        alg -> Text,
        secret -> Binary,
        created_at -> BigInt,
    }
}
