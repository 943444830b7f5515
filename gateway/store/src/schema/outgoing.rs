//! What leaves: taxes to their authorities with the returns of them, payouts to merchants.

diesel::table! {
    remittance (id) {
        id -> Text,
        at -> BigInt,
        account -> Text,
        taxpayer -> Text,
        authority -> Text,
        currency -> Text,
        period -> Text,
        number -> BigInt,
        position -> BigInt,
        months -> Text,
        counted -> Text,
        lines -> Text,
        base -> BigInt,
        tax -> BigInt,
        carried -> BigInt,
        paid -> BigInt,
        evidence -> Binary,
    }
}

diesel::table! {
    filing (remittance) {
        remittance -> Text,
        hash -> Binary,
        media_type -> Text,
        file_name -> Text,
        body -> Binary,
    }
}

diesel::table! {
    filing_sent (remittance, n) {
        remittance -> Text,
        n -> BigInt,
        at -> BigInt,
        url -> Text,
        status -> Nullable<BigInt>,
        answer -> Text,
    }
}

diesel::table! {
    filing_claim (remittance, n) {
        remittance -> Text,
        n -> BigInt,
        scope -> Text,
        key -> Nullable<Text>,
        fingerprint -> Binary,
        at -> BigInt,
        sent -> Nullable<BigInt>,
    }
}

diesel::table! {
    payout (id) {
        id -> Text,
        merchant -> Text,
        at -> BigInt,
        amount -> BigInt,
        currency -> Text,
    }
}

diesel::table! {
    settlement (object) {
        object -> Text,
        at -> BigInt,
        outcome -> Text,
        number -> BigInt,
    }
}
