//! The tables, as both databases have them: times are microseconds, amounts minor units, decimals and JSON text.

mod journal;
mod login;
mod outgoing;
mod pages;
mod plugins;
mod stamps;
mod webhooks;

pub(crate) use journal::{entry, entry_sealed, entry_unsealed, posting, seal};
pub(crate) use login::{login_client, login_consent, login_grant, login_key, login_refresh};
pub(crate) use outgoing::{filing, filing_claim, filing_sent, payout, remittance, settlement};
pub(crate) use pages::{browser_session, passkey, passkey_ceremony};
pub(crate) use plugins::{
    plugin, plugin_binding, plugin_key, plugin_secret, plugin_shadow, plugin_shadow_example,
    plugin_shadow_tally,
};
pub(crate) use stamps::{stamp, stamp_key, stamp_register, stamp_scan, stamp_vendor};
pub(crate) use webhooks::{webhook, webhook_attempt, webhook_delivery};

diesel::table! {
    gateway (id) {
        id -> BigInt,
        unit_of_account -> Text,
        key_fingerprint -> Text,
        facts_version -> BigInt,
    }
}

diesel::table! {
    ledger_account (name, currency) {
        name -> Text,
        currency -> Text,
        guarded -> Bool,
        balance -> BigInt,
    }
}

diesel::table! {
    open_delta (id) {
        id -> Text,
        name -> Text,
        currency -> Text,
        amount -> BigInt,
    }
}

diesel::table! {
    duty (name) {
        name -> Text,
    }
}

diesel::table! {
    idempotency (scope, key) {
        scope -> Text,
        key -> Text,
        fingerprint -> Binary,
        outcome -> Text,
        at -> BigInt,
    }
}

diesel::table! {
    vault (account) {
        account -> Text,
        handle -> Text,
        active -> Bool,
        compensation -> Nullable<Text>,
        refund_count -> BigInt,
        period_started_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    identity (account) {
        account -> Text,
        lookup -> Binary,
        pin_verifier -> Binary,
        recovery_hash -> Binary,
        country -> Nullable<Text>,
        created_at -> BigInt,
    }
}

diesel::table! {
    session (id) {
        id -> Text,
        account -> Text,
        created_at -> BigInt,
        expires_at -> BigInt,
        pin_failures -> BigInt,
    }
}

diesel::table! {
    refresh_token (hash) {
        hash -> Binary,
        session -> Text,
        used -> Bool,
        expires_at -> BigInt,
    }
}

diesel::table! {
    throttle (key) {
        key -> Binary,
        window_started_at -> BigInt,
        failures -> BigInt,
    }
}

diesel::table! {
    familiar_address (key) {
        key -> Binary,
        expires_at -> BigInt,
    }
}

diesel::table! {
    card_batch (id) {
        id -> Text,
        count -> BigInt,
        face -> BigInt,
        currency -> Text,
        country -> Nullable<Text>,
        expires_at -> Nullable<BigInt>,
        active -> Bool,
        created_at -> BigInt,
    }
}

diesel::table! {
    card (id) {
        id -> Text,
        serial -> Text,
        code_hash -> Binary,
        kind -> Text,
        status -> Text,
        face -> BigInt,
        currency -> Text,
        country -> Nullable<Text>,
        batch -> Nullable<Text>,
        expires_at -> Nullable<BigInt>,
        smart_id -> Nullable<Binary>,
        tap_counter -> Nullable<BigInt>,
        file_read_key -> Nullable<Binary>,
    }
}

diesel::table! {
    meta_read_key (hash) {
        hash -> Binary,
        wrapped -> Binary,
    }
}

diesel::table! {
    vault_load (id) {
        id -> Text,
        account -> Text,
        card -> Text,
        at -> BigInt,
        document -> Text,
    }
}

diesel::table! {
    purchase (id) {
        id -> Text,
        account -> Text,
        at -> BigInt,
        total -> BigInt,
        currency -> Text,
        country -> Text,
        receipt -> Text,
        sale_receipts -> Text,
        evidence -> Text,
    }
}

diesel::table! {
    item (id) {
        id -> Text,
        purchase -> Text,
        position -> BigInt,
        account -> Text,
        merchant -> Text,
        sale -> Text,
        at -> BigInt,
        offer_id -> Text,
        title -> Text,
        price -> BigInt,
        net -> BigInt,
        gross -> BigInt,
        fee -> BigInt,
        currency -> Text,
        charged -> BigInt,
        unit -> Text,
        rate -> Text,
        taxpayer -> Text,
        taxes -> Text,
        refund_window_days -> Nullable<BigInt>,
    }
}

diesel::table! {
    offer_use (merchant, offer_id) {
        merchant -> Text,
        offer_id -> Text,
    }
}

diesel::table! {
    refund (id) {
        id -> Text,
        item -> Text,
        account -> Text,
        merchant -> Text,
        at -> BigInt,
        credited -> BigInt,
        currency -> Text,
        goodwill -> Bool,
    }
}

diesel::table! {
    transfer (id) {
        id -> Text,
        from_account -> Text,
        to_account -> Text,
        at -> BigInt,
        amount -> BigInt,
        currency -> Text,
    }
}

diesel::table! {
    trade (id) {
        id -> Text,
        at -> BigInt,
        sold -> BigInt,
        sold_currency -> Text,
        bought -> BigInt,
        bought_currency -> Text,
    }
}

diesel::table! {
    evidence (id) {
        id -> Binary,
        digest -> Binary,
        engine -> Text,
        function -> Text,
        input -> Text,
        output -> Text,
        fuel -> BigInt,
        recorded_at -> BigInt,
    }
}

diesel::table! {
    log_line (id) {
        id -> Text,
        account -> Text,
        kind -> Text,
        outcome -> Text,
        at -> BigInt,
        amount -> BigInt,
        balance -> BigInt,
        currency -> Text,
        object -> Text,
    }
}

diesel::table! {
    event (id) {
        id -> Text,
        merchant -> Text,
        kind -> Text,
        at -> BigInt,
        data -> Text,
    }
}

diesel::table! {
    event_unplaced (event) {
        event -> Text,
    }
}

diesel::table! {
    event_placed (position) {
        position -> BigInt,
        event -> Text,
        merchant -> Text,
    }
}

diesel::table! {
    merchant (id) {
        id -> Text,
        name -> Text,
        country -> Text,
        fee_percent -> Text,
        taxpayer -> Text,
        registrations -> Text,
        return_origins -> Text,
        created_at -> BigInt,
        stamps_plugin -> Nullable<Text>,
        void_hold_days -> Nullable<BigInt>,
    }
}

diesel::table! {
    api_key (id) {
        id -> Text,
        owner -> Text,
        hash -> Binary,
        scopes -> Text,
        created_at -> BigInt,
        expires_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    offer_key (kid) {
        kid -> Text,
        merchant -> Text,
        alg -> Text,
        material -> Binary,
        created_at -> BigInt,
    }
}

diesel::table! {
    refund_policy (version) {
        version -> BigInt,
        at -> BigInt,
        max_count -> BigInt,
        max_total -> BigInt,
        window_days -> BigInt,
        period_days -> BigInt,
    }
}

diesel::table! {
    rate_table (id) {
        id -> Text,
        plugin -> Text,
        feed -> Text,
        source -> Text,
        as_of -> Text,
        document -> Text,
        fetched_at -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    gateway,
    ledger_account,
    open_delta,
    entry,
    posting,
    entry_unsealed,
    entry_sealed,
    seal,
    duty,
    idempotency,
    vault,
    identity,
    session,
    refresh_token,
    throttle,
    familiar_address,
    browser_session,
    passkey,
    passkey_ceremony,
    card_batch,
    card,
    vault_load,
    purchase,
    item,
    offer_use,
    refund,
    transfer,
    trade,
    remittance,
    filing,
    filing_claim,
    filing_sent,
    payout,
    settlement,
    evidence,
    log_line,
    event,
    event_unplaced,
    event_placed,
    merchant,
    api_key,
    offer_key,
    refund_policy,
    plugin,
    plugin_binding,
    plugin_key,
    plugin_secret,
    plugin_shadow,
    plugin_shadow_tally,
    plugin_shadow_example,
    rate_table,
    stamp_vendor,
    stamp_register,
    stamp_key,
    stamp,
    stamp_scan,
    webhook,
    webhook_delivery,
    webhook_attempt,
    login_client,
    login_consent,
    login_grant,
    login_key,
    login_refresh,
);
