//! Vendors of stamps, their registers and keys, and what was sold and scanned.

diesel::table! {
    stamp_vendor (merchant) {
        merchant -> Text,
        number -> BigInt,
        items -> BigInt,
    }
}

diesel::table! {
    stamp_register (vendor, currency) {
        vendor -> Text,
        currency -> Text,
        pieces -> BigInt,
        ascending -> BigInt,
        descending -> BigInt,
        loaded -> BigInt,
    }
}

diesel::table! {
    stamp_key (id) {
        id -> BigInt,
        vendor -> Text,
        public -> Binary,
        secret -> Binary,
        created_at -> BigInt,
    }
}

diesel::table! {
    stamp (id) {
        id -> Text,
        account -> Text,
        vendor -> Text,
        vendor_number -> BigInt,
        key_id -> BigInt,
        item -> Text,
        at -> BigInt,
        price -> BigInt,
        currency -> Text,
        service -> Text,
        expires_on -> Text,
        piece -> BigInt,
        ascending -> BigInt,
        descending -> BigInt,
        item_serial -> BigInt,
        ordered -> Text,
        status -> Text,
        issue -> Nullable<Text>,
        indicium -> Nullable<Binary>,
        failure -> Nullable<Text>,
        seen_at -> Nullable<BigInt>,
        seen_place -> Nullable<Text>,
        asked_at -> Nullable<BigInt>,
        due_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    stamp_scan (id) {
        id -> Text,
        stamp -> Text,
        at -> BigInt,
        scanned_at -> BigInt,
        place -> Nullable<Text>,
        scanner -> Text,
        verdict -> Text,
    }
}
