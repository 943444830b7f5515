-- Times are microseconds of the Unix epoch, amounts are minor units, decimals and JSON are text.
-- What is never updated or deleted is guarded by triggers at the end.

-- One row: what the whole gateway agrees on. `facts_version` grows whenever merchants, keys, policies,
-- plugin bindings or rates change, so that a command prepared before is prepared again.
CREATE TABLE gateway (
    id              BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    unit_of_account TEXT COLLATE "C"   NOT NULL,
    key_fingerprint TEXT COLLATE "C"   NOT NULL,
    facts_version   BIGINT NOT NULL
);

-- The ledger ---------------------------------------------------------------------------------------------

-- A balance is positive on the account's own side. That of an open account lacks its rows in `open_delta`.
CREATE TABLE ledger_account (
    name     TEXT COLLATE "C"   NOT NULL,
    currency TEXT COLLATE "C"   NOT NULL,
    guarded  BOOLEAN NOT NULL,
    balance  BIGINT NOT NULL,
    PRIMARY KEY (name, currency),
    CHECK (NOT guarded OR balance >= 0)
);

CREATE TABLE open_delta (
    id       TEXT COLLATE "C"   NOT NULL PRIMARY KEY,
    name     TEXT COLLATE "C"   NOT NULL,
    currency TEXT COLLATE "C"   NOT NULL,
    amount   BIGINT NOT NULL
);

CREATE TABLE entry (
    id     TEXT COLLATE "C"   NOT NULL PRIMARY KEY,
    at     BIGINT NOT NULL,
    kind   TEXT COLLATE "C"   NOT NULL,
    object TEXT COLLATE "C"   NOT NULL
);
CREATE INDEX entry_object ON entry (object);

-- Debits are above zero, credits below.
CREATE TABLE posting (
    entry    TEXT COLLATE "C"   NOT NULL,
    n        BIGINT NOT NULL,
    account  TEXT COLLATE "C"   NOT NULL,
    currency TEXT COLLATE "C"   NOT NULL,
    amount   BIGINT NOT NULL CHECK (amount <> 0),
    PRIMARY KEY (entry, n)
);

-- Entries that wait for their position, and the chain of seals over those that have one. `signed` is
-- a JWS over the hash, the positions and the time.
CREATE TABLE entry_unsealed (
    entry TEXT COLLATE "C" NOT NULL PRIMARY KEY
);

CREATE TABLE entry_sealed (
    position BIGINT NOT NULL PRIMARY KEY,
    entry    TEXT COLLATE "C"   NOT NULL UNIQUE
);

CREATE TABLE seal (
    first_position BIGINT NOT NULL PRIMARY KEY,
    last_position  BIGINT NOT NULL,
    hash           BYTEA  NOT NULL,
    signed         TEXT COLLATE "C" NOT NULL,
    at             BIGINT NOT NULL
);

-- What one process at a time does: it locks its row.
CREATE TABLE duty (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY
);
INSERT INTO duty (name) VALUES ('outbox'), ('roll'), ('seal');

-- The key's answer, in the transaction of its effect, for ever.
CREATE TABLE idempotency (
    scope       TEXT COLLATE "C"   NOT NULL,
    key         TEXT COLLATE "C"   NOT NULL,
    fingerprint BYTEA  NOT NULL,
    outcome     TEXT COLLATE "C"   NOT NULL,
    at          BIGINT NOT NULL,
    PRIMARY KEY (scope, key)
);

-- Buyers -------------------------------------------------------------------------------------------------

CREATE TABLE vault (
    account           TEXT COLLATE "C"   NOT NULL PRIMARY KEY,
    handle            TEXT COLLATE "C"   NOT NULL UNIQUE,
    active            BOOLEAN NOT NULL,
    compensation      TEXT COLLATE "C",
    refund_count      BIGINT NOT NULL,
    period_started_at BIGINT
);

-- How an account is found, and nothing of whom. Erasing an account deletes this row.
CREATE TABLE identity (
    account       TEXT COLLATE "C"   NOT NULL PRIMARY KEY,
    lookup        BYTEA  NOT NULL UNIQUE,
    pin_verifier  BYTEA  NOT NULL,
    recovery_hash BYTEA  NOT NULL UNIQUE,
    country       TEXT COLLATE "C",
    created_at    BIGINT NOT NULL
);
CREATE INDEX identity_created_at ON identity (created_at);

CREATE TABLE session (
    id           TEXT COLLATE "C"   NOT NULL PRIMARY KEY,
    account      TEXT COLLATE "C"   NOT NULL,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    pin_failures BIGINT NOT NULL
);
CREATE INDEX session_account ON session (account);
CREATE INDEX session_created_at ON session (created_at);
CREATE INDEX session_expires_at ON session (expires_at);

-- A used token that comes again ends its session.
CREATE TABLE refresh_token (
    hash       BYTEA  NOT NULL PRIMARY KEY,
    session    TEXT COLLATE "C"   NOT NULL,
    used       BOOLEAN NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX refresh_token_session ON refresh_token (session);
CREATE INDEX refresh_token_expires_at ON refresh_token (expires_at);

-- Failures in a window, by a keyed hash of the e-mail or address, or by a vault.
CREATE TABLE throttle (
    key               BYTEA  NOT NULL PRIMARY KEY,
    window_started_at BIGINT NOT NULL,
    failures          BIGINT NOT NULL
);
CREATE INDEX throttle_window ON throttle (window_started_at);

-- Where somebody signed in lately, by a keyed hash of e-mail and address: strangers' failures do not count there.
CREATE TABLE familiar_address (
    key        BYTEA  NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX familiar_address_expires_at ON familiar_address (expires_at);

-- Cards --------------------------------------------------------------------------------------------------

CREATE TABLE card_batch (
    id         TEXT COLLATE "C"   NOT NULL PRIMARY KEY,
    count      BIGINT NOT NULL,
    face       BIGINT NOT NULL,
    currency   TEXT COLLATE "C"   NOT NULL,
    country    TEXT COLLATE "C",
    expires_at BIGINT,
    active     BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX card_batch_created_at ON card_batch (created_at);

-- `smart_id` is a keyed function of the chip's UID, which is not kept. `file_read_key` is encrypted, and only
-- there for cards that were personalised elsewhere.
CREATE TABLE card (
    id          TEXT COLLATE "C"   NOT NULL PRIMARY KEY,
    serial      TEXT COLLATE "C"   NOT NULL UNIQUE,
    code_hash   BYTEA  NOT NULL UNIQUE,
    kind        TEXT COLLATE "C"   NOT NULL,
    status      TEXT COLLATE "C"   NOT NULL,
    face        BIGINT NOT NULL,
    currency    TEXT COLLATE "C"   NOT NULL,
    country     TEXT COLLATE "C",
    batch       TEXT COLLATE "C",
    expires_at  BIGINT,
    smart_id    BYTEA  UNIQUE,
    tap_counter BIGINT,
    file_read_key BYTEA
);
CREATE INDEX card_of_batch ON card (batch);

-- The distinct keys that cards personalised elsewhere encrypt their number under, encrypted: a tap is tried with
-- each. `hash` is keyed.
CREATE TABLE meta_read_key (
    hash    BYTEA  NOT NULL PRIMARY KEY,
    wrapped BYTEA  NOT NULL
);

-- What happened ------------------------------------------------------------------------------------------

-- Named `vault_load` because LOAD is a word of SQL.
CREATE TABLE vault_load (
    id       TEXT COLLATE "C"   NOT NULL PRIMARY KEY,
    account  TEXT COLLATE "C"   NOT NULL,
    card     TEXT COLLATE "C"   NOT NULL,
    at       BIGINT NOT NULL,
    document TEXT COLLATE "C"   NOT NULL
);

-- Rows of a few kilobytes (here, evidence, events) are kept as they are: compressing them would cost as much as writing them.
CREATE TABLE purchase (
    id            TEXT COLLATE "C"   NOT NULL PRIMARY KEY,
    account       TEXT COLLATE "C"   NOT NULL,
    at            BIGINT NOT NULL,
    total         BIGINT NOT NULL,
    currency      TEXT COLLATE "C"   NOT NULL,
    country       TEXT COLLATE "C"   NOT NULL,
    receipt       TEXT COLLATE "C"   NOT NULL,
    sale_receipts TEXT COLLATE "C"   NOT NULL,
    evidence      TEXT COLLATE "C"   NOT NULL
) WITH (toast_tuple_target = 8160);
CREATE INDEX purchase_account ON purchase (account, at, id);

CREATE TABLE item (
    id                 TEXT COLLATE "C"   NOT NULL PRIMARY KEY,
    purchase           TEXT COLLATE "C"   NOT NULL,
    position           BIGINT NOT NULL,
    account            TEXT COLLATE "C"   NOT NULL,
    merchant           TEXT COLLATE "C"   NOT NULL,
    sale               TEXT COLLATE "C"   NOT NULL,
    at                 BIGINT NOT NULL,
    offer_id           TEXT COLLATE "C"   NOT NULL,
    title              TEXT COLLATE "C"   NOT NULL,
    price              BIGINT NOT NULL,
    net                BIGINT NOT NULL,
    gross              BIGINT NOT NULL,
    fee                BIGINT NOT NULL,
    currency           TEXT COLLATE "C"   NOT NULL,
    charged            BIGINT NOT NULL,
    unit               TEXT COLLATE "C"   NOT NULL,
    rate               TEXT COLLATE "C"   NOT NULL,
    taxpayer           TEXT COLLATE "C"   NOT NULL,
    taxes              TEXT COLLATE "C"   NOT NULL,
    refund_window_days BIGINT
);
CREATE INDEX item_purchase ON item (purchase);
CREATE INDEX item_merchant ON item (merchant, at, id);

CREATE TABLE offer_use (
    merchant TEXT COLLATE "C" NOT NULL,
    offer_id TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (merchant, offer_id)
);

CREATE TABLE refund (
    id       TEXT COLLATE "C"   NOT NULL PRIMARY KEY,
    item     TEXT COLLATE "C"   NOT NULL UNIQUE,
    account  TEXT COLLATE "C"   NOT NULL,
    merchant TEXT COLLATE "C"   NOT NULL,
    at       BIGINT NOT NULL,
    credited BIGINT NOT NULL,
    currency TEXT COLLATE "C"   NOT NULL,
    goodwill BOOLEAN NOT NULL
);

CREATE TABLE transfer (
    id           TEXT COLLATE "C"   NOT NULL PRIMARY KEY,
    from_account TEXT COLLATE "C"   NOT NULL,
    to_account   TEXT COLLATE "C"   NOT NULL,
    at           BIGINT NOT NULL,
    amount       BIGINT NOT NULL,
    currency     TEXT COLLATE "C"   NOT NULL
);

CREATE TABLE trade (
    id              TEXT COLLATE "C"   NOT NULL PRIMARY KEY,
    at              BIGINT NOT NULL,
    sold            BIGINT NOT NULL,
    sold_currency   TEXT COLLATE "C"   NOT NULL,
    bought          BIGINT NOT NULL,
    bought_currency TEXT COLLATE "C"   NOT NULL
);

-- Equal calls are one row, so only the first has a time: the system's, by which they are listed.
CREATE TABLE evidence (
    id     BYTEA  NOT NULL PRIMARY KEY,
    digest BYTEA  NOT NULL,
    engine TEXT COLLATE "C"   NOT NULL,
    function TEXT COLLATE "C" NOT NULL,
    input  TEXT COLLATE "C"   NOT NULL,
    output TEXT COLLATE "C"   NOT NULL,
    fuel   BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL DEFAULT (CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT))
) WITH (toast_tuple_target = 8160);
CREATE INDEX evidence_digest ON evidence (digest, recorded_at, id);

CREATE TABLE log_line (
    id       TEXT COLLATE "C"   NOT NULL PRIMARY KEY,
    account  TEXT COLLATE "C"   NOT NULL,
    kind     TEXT COLLATE "C"   NOT NULL,
    outcome  TEXT COLLATE "C"   NOT NULL,
    at       BIGINT NOT NULL,
    amount   BIGINT NOT NULL,
    balance  BIGINT NOT NULL,
    currency TEXT COLLATE "C"   NOT NULL,
    object   TEXT COLLATE "C"   NOT NULL
);
CREATE INDEX log_line_account ON log_line (account, at, id);

-- The outbox. A position is given behind the writer, so that no late commit is skipped by a reader; it stands beside the
-- event, which is written once.
CREATE TABLE event (
    id       TEXT COLLATE "C"   NOT NULL PRIMARY KEY,
    merchant TEXT COLLATE "C"   NOT NULL,
    kind     TEXT COLLATE "C"   NOT NULL,
    at       BIGINT NOT NULL,
    data     TEXT COLLATE "C"   NOT NULL
) WITH (toast_tuple_target = 8160);

CREATE TABLE event_unplaced (
    event TEXT COLLATE "C"   NOT NULL PRIMARY KEY
);

CREATE TABLE event_placed (
    position BIGINT NOT NULL PRIMARY KEY,
    event    TEXT COLLATE "C"   NOT NULL UNIQUE,
    merchant TEXT COLLATE "C"   NOT NULL
);
CREATE INDEX event_placed_merchant ON event_placed (merchant, position);

-- Facts: what operators and merchants change --------------------------------------------------------------

CREATE TABLE merchant (
    id             TEXT COLLATE "C"   NOT NULL PRIMARY KEY,
    name           TEXT COLLATE "C"   NOT NULL,
    country        TEXT COLLATE "C"   NOT NULL,
    fee_percent    TEXT COLLATE "C"   NOT NULL,
    taxpayer       TEXT COLLATE "C"   NOT NULL,
    registrations  TEXT COLLATE "C"   NOT NULL,
    return_origins TEXT COLLATE "C"   NOT NULL,
    created_at     BIGINT NOT NULL
);
CREATE INDEX merchant_created_at ON merchant (created_at);

-- `owner` is a merchant or `operator`.
CREATE TABLE api_key (
    id         TEXT COLLATE "C"   NOT NULL PRIMARY KEY,
    owner      TEXT COLLATE "C"   NOT NULL,
    hash       BYTEA  NOT NULL UNIQUE,
    scopes     TEXT COLLATE "C"   NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT
);
CREATE INDEX api_key_owner ON api_key (owner);
CREATE INDEX api_key_created_at ON api_key (created_at);

-- `material` is the encrypted secret of an HS256 key, or a public key as it is.
CREATE TABLE offer_key (
    kid        TEXT COLLATE "C"   NOT NULL PRIMARY KEY,
    merchant   TEXT COLLATE "C"   NOT NULL,
    alg        TEXT COLLATE "C"   NOT NULL,
    material   BYTEA  NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX offer_key_merchant ON offer_key (merchant);

-- The newest row is in force; the others are the history.
CREATE TABLE refund_policy (
    version     BIGINT NOT NULL PRIMARY KEY,
    at          BIGINT NOT NULL,
    max_count   BIGINT NOT NULL,
    max_total   BIGINT NOT NULL,
    window_days BIGINT NOT NULL,
    period_days BIGINT NOT NULL
);
CREATE INDEX refund_policy_at ON refund_policy (at);

CREATE TABLE plugin (
    id           TEXT COLLATE "C"   NOT NULL PRIMARY KEY,
    digest       BYTEA  NOT NULL UNIQUE,
    name         TEXT COLLATE "C"   NOT NULL,
    version      TEXT COLLATE "C"   NOT NULL,
    role         TEXT COLLATE "C"   NOT NULL,
    manifest     TEXT COLLATE "C"   NOT NULL,
    component    BYTEA  NOT NULL,
    status       TEXT COLLATE "C"   NOT NULL,
    installed_at BIGINT NOT NULL
);
CREATE INDEX plugin_installed_at ON plugin (installed_at);

-- Which plugin answers for a country (tax) or a currency (currency; `*` is all), from a day on.
CREATE TABLE plugin_binding (
    role      TEXT COLLATE "C"   NOT NULL,
    place     TEXT COLLATE "C"   NOT NULL,
    from_date TEXT COLLATE "C"   NOT NULL,
    plugin    TEXT COLLATE "C",
    at        BIGINT NOT NULL,
    PRIMARY KEY (role, place, from_date, at)
);
CREATE INDEX plugin_binding_at ON plugin_binding (at);

CREATE TABLE rate_table (
    id         TEXT COLLATE "C"   NOT NULL PRIMARY KEY,
    plugin     TEXT COLLATE "C"   NOT NULL,
    feed       TEXT COLLATE "C"   NOT NULL,
    source     TEXT COLLATE "C"   NOT NULL,
    as_of      TEXT COLLATE "C"   NOT NULL,
    document   TEXT COLLATE "C"   NOT NULL,
    fetched_at BIGINT NOT NULL
);
CREATE INDEX rate_table_as_of ON rate_table (as_of, fetched_at);
CREATE INDEX rate_table_fetched_at ON rate_table (fetched_at);

-- The journal cannot be updated or deleted ----------------------------------------------------------------

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed or deleted', TG_TABLE_NAME;
END
$$;

CREATE TRIGGER entry_is_final BEFORE UPDATE OR DELETE ON entry FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER posting_is_final BEFORE UPDATE OR DELETE ON posting FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER entry_sealed_is_final BEFORE UPDATE OR DELETE ON entry_sealed FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER seal_is_final BEFORE UPDATE OR DELETE ON seal FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER purchase_is_final BEFORE UPDATE OR DELETE ON purchase FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER event_is_final BEFORE UPDATE OR DELETE ON event FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER event_placed_is_final BEFORE UPDATE OR DELETE ON event_placed FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER item_is_final BEFORE UPDATE OR DELETE ON item FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER refund_is_final BEFORE UPDATE OR DELETE ON refund FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER transfer_is_final BEFORE UPDATE OR DELETE ON transfer FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER trade_is_final BEFORE UPDATE OR DELETE ON trade FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER vault_load_is_final BEFORE UPDATE OR DELETE ON vault_load FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER evidence_is_final BEFORE UPDATE OR DELETE ON evidence FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER idempotency_is_final BEFORE UPDATE OR DELETE ON idempotency FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_line_is_final BEFORE UPDATE OR DELETE ON log_line FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER offer_use_is_final BEFORE UPDATE OR DELETE ON offer_use FOR EACH ROW EXECUTE FUNCTION refuse_change();
