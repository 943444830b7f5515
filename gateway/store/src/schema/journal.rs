//! The journal: entries, their postings, and the seals over them.

diesel::table! {
    entry (id) {
        id -> Text,
        at -> BigInt,
        kind -> Text,
        object -> Text,
    }
}

diesel::table! {
    posting (entry, n) {
        entry -> Text,
        n -> BigInt,
        account -> Text,
        currency -> Text,
        amount -> BigInt,
    }
}

diesel::table! {
    entry_unsealed (entry) {
        entry -> Text,
    }
}

diesel::table! {
    entry_sealed (position) {
        position -> BigInt,
        entry -> Text,
    }
}

diesel::table! {
    seal (first_position) {
        first_position -> BigInt,
        last_position -> BigInt,
        hash -> Binary,
        signed -> Text,
        at -> BigInt,
    }
}
