-- Times are microseconds of the Unix epoch, amounts are minor units, decimals and JSON are text.
-- What is never updated or deleted is guarded by triggers at the end.

-- One row: what the whole gateway agrees on. `facts_version` grows whenever merchants, keys, policies,
-- plugin bindings or rates change, so that a command prepared before is prepared again.
CREATE TABLE gateway (
    id              BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    unit_of_account TEXT   NOT NULL,
    key_fingerprint TEXT   NOT NULL,
    facts_version   BIGINT NOT NULL
);

-- The ledger ---------------------------------------------------------------------------------------------

-- A balance is positive on the account's own side. That of an open account lacks its rows in `open_delta`.
CREATE TABLE ledger_account (
    name     TEXT   NOT NULL,
    currency TEXT   NOT NULL,
    guarded  BOOLEAN NOT NULL,
    balance  BIGINT NOT NULL,
    PRIMARY KEY (name, currency),
    CHECK (NOT guarded OR balance >= 0)
) WITHOUT ROWID;

CREATE TABLE open_delta (
    id       TEXT   NOT NULL PRIMARY KEY,
    name     TEXT   NOT NULL,
    currency TEXT   NOT NULL,
    amount   BIGINT NOT NULL
) WITHOUT ROWID;

CREATE TABLE entry (
    id     TEXT   NOT NULL PRIMARY KEY,
    at     BIGINT NOT NULL,
    kind   TEXT   NOT NULL,
    object TEXT   NOT NULL
);
CREATE INDEX entry_object ON entry (object);

-- Debits are above zero, credits below.
CREATE TABLE posting (
    entry    TEXT   NOT NULL,
    n        BIGINT NOT NULL,
    account  TEXT   NOT NULL,
    currency TEXT   NOT NULL,
    amount   BIGINT NOT NULL CHECK (amount <> 0),
    PRIMARY KEY (entry, n)
) WITHOUT ROWID;

-- Entries that wait for their position, and the chain of seals over those that have one. `signed` is
-- a JWS over the hash, the positions and the time.
CREATE TABLE entry_unsealed (
    entry TEXT NOT NULL PRIMARY KEY
) WITHOUT ROWID;

CREATE TABLE entry_sealed (
    position INTEGER NOT NULL PRIMARY KEY,
    entry    TEXT   NOT NULL UNIQUE
);

CREATE TABLE seal (
    first_position INTEGER NOT NULL PRIMARY KEY,
    last_position  BIGINT NOT NULL,
    hash           BLOB  NOT NULL,
    signed         TEXT NOT NULL,
    at             BIGINT NOT NULL
);

-- What one process at a time does: it locks its row.
CREATE TABLE duty (
    name TEXT NOT NULL PRIMARY KEY
) WITHOUT ROWID;
INSERT INTO duty (name) VALUES ('outbox'), ('roll'), ('seal');

-- The key's answer, in the transaction of its effect, for ever.
CREATE TABLE idempotency (
    scope       TEXT   NOT NULL,
    key         TEXT   NOT NULL,
    fingerprint BLOB  NOT NULL,
    outcome     TEXT   NOT NULL,
    at          BIGINT NOT NULL,
    PRIMARY KEY (scope, key)
);

-- Buyers -------------------------------------------------------------------------------------------------

CREATE TABLE vault (
    account           TEXT   NOT NULL PRIMARY KEY,
    handle            TEXT   NOT NULL UNIQUE,
    active            BOOLEAN NOT NULL,
    compensation      TEXT,
    refund_count      BIGINT NOT NULL,
    period_started_at BIGINT
) WITHOUT ROWID;

-- How an account is found, and nothing of whom. Erasing an account deletes this row.
CREATE TABLE identity (
    account       TEXT   NOT NULL PRIMARY KEY,
    lookup        BLOB  NOT NULL UNIQUE,
    pin_verifier  BLOB  NOT NULL,
    recovery_hash BLOB  NOT NULL UNIQUE,
    country       TEXT,
    created_at    BIGINT NOT NULL
);
CREATE INDEX identity_created_at ON identity (created_at);

CREATE TABLE session (
    id           TEXT   NOT NULL PRIMARY KEY,
    account      TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    pin_failures BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX session_account ON session (account);
CREATE INDEX session_created_at ON session (created_at);
CREATE INDEX session_expires_at ON session (expires_at);

-- A used token that comes again ends its session.
CREATE TABLE refresh_token (
    hash       BLOB  NOT NULL PRIMARY KEY,
    session    TEXT   NOT NULL,
    used       BOOLEAN NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX refresh_token_session ON refresh_token (session);
CREATE INDEX refresh_token_expires_at ON refresh_token (expires_at);

-- Failures in a window, by a keyed hash of the e-mail or address, or by a vault.
CREATE TABLE throttle (
    key               BLOB  NOT NULL PRIMARY KEY,
    window_started_at BIGINT NOT NULL,
    failures          BIGINT NOT NULL
);
CREATE INDEX throttle_window ON throttle (window_started_at);

-- Where somebody signed in lately, by a keyed hash of e-mail and address: strangers' failures do not count there.
CREATE TABLE familiar_address (
    key        BLOB  NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX familiar_address_expires_at ON familiar_address (expires_at);

-- Cards --------------------------------------------------------------------------------------------------

CREATE TABLE card_batch (
    id         TEXT   NOT NULL PRIMARY KEY,
    count      BIGINT NOT NULL,
    face       BIGINT NOT NULL,
    currency   TEXT   NOT NULL,
    country    TEXT,
    expires_at BIGINT,
    active     BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX card_batch_created_at ON card_batch (created_at);

-- `smart_id` is a keyed function of the chip's UID, which is not kept. `file_read_key` is encrypted, and only
-- there for cards that were personalised elsewhere.
CREATE TABLE card (
    id          TEXT   NOT NULL PRIMARY KEY,
    serial      TEXT   NOT NULL UNIQUE,
    code_hash   BLOB  NOT NULL UNIQUE,
    kind        TEXT   NOT NULL,
    status      TEXT   NOT NULL,
    face        BIGINT NOT NULL,
    currency    TEXT   NOT NULL,
    country     TEXT,
    batch       TEXT,
    expires_at  BIGINT,
    smart_id    BLOB  UNIQUE,
    tap_counter BIGINT,
    file_read_key BLOB
);
CREATE INDEX card_of_batch ON card (batch);

-- The distinct keys that cards personalised elsewhere encrypt their number under, encrypted: a tap is tried with
-- each. `hash` is keyed.
CREATE TABLE meta_read_key (
    hash    BLOB  NOT NULL PRIMARY KEY,
    wrapped BLOB  NOT NULL
);

-- What happened ------------------------------------------------------------------------------------------

-- Named `vault_load` because LOAD is a word of SQL.
CREATE TABLE vault_load (
    id       TEXT   NOT NULL PRIMARY KEY,
    account  TEXT   NOT NULL,
    card     TEXT   NOT NULL,
    at       BIGINT NOT NULL,
    document TEXT   NOT NULL
);

CREATE TABLE purchase (
    id            TEXT   NOT NULL PRIMARY KEY,
    account       TEXT   NOT NULL,
    at            BIGINT NOT NULL,
    total         BIGINT NOT NULL,
    currency      TEXT   NOT NULL,
    country       TEXT   NOT NULL,
    receipt       TEXT   NOT NULL,
    sale_receipts TEXT   NOT NULL,
    evidence      TEXT   NOT NULL
);
CREATE INDEX purchase_account ON purchase (account, at, id);

CREATE TABLE item (
    id                 TEXT   NOT NULL PRIMARY KEY,
    purchase           TEXT   NOT NULL,
    position           BIGINT NOT NULL,
    account            TEXT   NOT NULL,
    merchant           TEXT   NOT NULL,
    sale               TEXT   NOT NULL,
    at                 BIGINT NOT NULL,
    offer_id           TEXT   NOT NULL,
    title              TEXT   NOT NULL,
    price              BIGINT NOT NULL,
    net                BIGINT NOT NULL,
    gross              BIGINT NOT NULL,
    fee                BIGINT NOT NULL,
    currency           TEXT   NOT NULL,
    charged            BIGINT NOT NULL,
    unit               TEXT   NOT NULL,
    rate               TEXT   NOT NULL,
    taxpayer           TEXT   NOT NULL,
    taxes              TEXT   NOT NULL,
    refund_window_days BIGINT
);
CREATE INDEX item_purchase ON item (purchase);
CREATE INDEX item_merchant ON item (merchant, at, id);

CREATE TABLE offer_use (
    merchant TEXT NOT NULL,
    offer_id TEXT NOT NULL,
    PRIMARY KEY (merchant, offer_id)
) WITHOUT ROWID;

CREATE TABLE refund (
    id       TEXT   NOT NULL PRIMARY KEY,
    item     TEXT   NOT NULL UNIQUE,
    account  TEXT   NOT NULL,
    merchant TEXT   NOT NULL,
    at       BIGINT NOT NULL,
    credited BIGINT NOT NULL,
    currency TEXT   NOT NULL,
    goodwill BOOLEAN NOT NULL
) WITHOUT ROWID;

CREATE TABLE transfer (
    id           TEXT   NOT NULL PRIMARY KEY,
    from_account TEXT   NOT NULL,
    to_account   TEXT   NOT NULL,
    at           BIGINT NOT NULL,
    amount       BIGINT NOT NULL,
    currency     TEXT   NOT NULL
) WITHOUT ROWID;

CREATE TABLE trade (
    id              TEXT   NOT NULL PRIMARY KEY,
    at              BIGINT NOT NULL,
    sold            BIGINT NOT NULL,
    sold_currency   TEXT   NOT NULL,
    bought          BIGINT NOT NULL,
    bought_currency TEXT   NOT NULL
);

-- Equal calls are one row, so only the first has a time: the system's, by which they are listed.
CREATE TABLE evidence (
    id     BLOB  NOT NULL PRIMARY KEY,
    digest BLOB  NOT NULL,
    engine TEXT   NOT NULL,
    function TEXT NOT NULL,
    input  TEXT   NOT NULL,
    output TEXT   NOT NULL,
    fuel   BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000)
);
CREATE INDEX evidence_digest ON evidence (digest, recorded_at, id);

CREATE TABLE log_line (
    id       TEXT   NOT NULL PRIMARY KEY,
    account  TEXT   NOT NULL,
    kind     TEXT   NOT NULL,
    outcome  TEXT   NOT NULL,
    at       BIGINT NOT NULL,
    amount   BIGINT NOT NULL,
    balance  BIGINT NOT NULL,
    currency TEXT   NOT NULL,
    object   TEXT   NOT NULL
);
CREATE INDEX log_line_account ON log_line (account, at, id);

-- The outbox. A position is given behind the writer, so that no late commit is skipped by a reader; it stands beside the
-- event, which is written once.
CREATE TABLE event (
    id       TEXT   NOT NULL PRIMARY KEY,
    merchant TEXT   NOT NULL,
    kind     TEXT   NOT NULL,
    at       BIGINT NOT NULL,
    data     TEXT   NOT NULL
);

CREATE TABLE event_unplaced (
    event TEXT   NOT NULL PRIMARY KEY
) WITHOUT ROWID;

CREATE TABLE event_placed (
    position INTEGER NOT NULL PRIMARY KEY,
    event    TEXT   NOT NULL UNIQUE,
    merchant TEXT   NOT NULL
);
CREATE INDEX event_placed_merchant ON event_placed (merchant, position);

-- Facts: what operators and merchants change --------------------------------------------------------------

CREATE TABLE merchant (
    id             TEXT   NOT NULL PRIMARY KEY,
    name           TEXT   NOT NULL,
    country        TEXT   NOT NULL,
    fee_percent    TEXT   NOT NULL,
    taxpayer       TEXT   NOT NULL,
    registrations  TEXT   NOT NULL,
    return_origins TEXT   NOT NULL,
    created_at     BIGINT NOT NULL
);
CREATE INDEX merchant_created_at ON merchant (created_at);

-- `owner` is a merchant or `operator`.
CREATE TABLE api_key (
    id         TEXT   NOT NULL PRIMARY KEY,
    owner      TEXT   NOT NULL,
    hash       BLOB  NOT NULL UNIQUE,
    scopes     TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT
);
CREATE INDEX api_key_owner ON api_key (owner);
CREATE INDEX api_key_created_at ON api_key (created_at);

-- `material` is the encrypted secret of an HS256 key, or a public key as it is.
CREATE TABLE offer_key (
    kid        TEXT   NOT NULL PRIMARY KEY,
    merchant   TEXT   NOT NULL,
    alg        TEXT   NOT NULL,
    material   BLOB  NOT NULL,
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
    id           TEXT   NOT NULL PRIMARY KEY,
    digest       BLOB  NOT NULL UNIQUE,
    name         TEXT   NOT NULL,
    version      TEXT   NOT NULL,
    role         TEXT   NOT NULL,
    manifest     TEXT   NOT NULL,
    component    BLOB  NOT NULL,
    status       TEXT   NOT NULL,
    installed_at BIGINT NOT NULL
);
CREATE INDEX plugin_installed_at ON plugin (installed_at);

-- Which plugin answers for a country (tax) or a currency (currency; `*` is all), from a day on.
CREATE TABLE plugin_binding (
    role      TEXT   NOT NULL,
    place     TEXT   NOT NULL,
    from_date TEXT   NOT NULL,
    plugin    TEXT,
    at        BIGINT NOT NULL,
    PRIMARY KEY (role, place, from_date, at)
);
CREATE INDEX plugin_binding_at ON plugin_binding (at);

CREATE TABLE rate_table (
    id         TEXT   NOT NULL PRIMARY KEY,
    plugin     TEXT   NOT NULL,
    feed       TEXT   NOT NULL,
    source     TEXT   NOT NULL,
    as_of      TEXT   NOT NULL,
    document   TEXT   NOT NULL,
    fetched_at BIGINT NOT NULL
);
CREATE INDEX rate_table_as_of ON rate_table (as_of, fetched_at);
CREATE INDEX rate_table_fetched_at ON rate_table (fetched_at);

-- The journal cannot be updated or deleted ----------------------------------------------------------------

CREATE TRIGGER entry_is_final_u BEFORE UPDATE ON entry BEGIN SELECT RAISE(ABORT, 'rows of entry are never changed or deleted'); END;
CREATE TRIGGER entry_is_final_d BEFORE DELETE ON entry BEGIN SELECT RAISE(ABORT, 'rows of entry are never changed or deleted'); END;
CREATE TRIGGER posting_is_final_u BEFORE UPDATE ON posting BEGIN SELECT RAISE(ABORT, 'rows of posting are never changed or deleted'); END;
CREATE TRIGGER posting_is_final_d BEFORE DELETE ON posting BEGIN SELECT RAISE(ABORT, 'rows of posting are never changed or deleted'); END;
CREATE TRIGGER entry_sealed_is_final_u BEFORE UPDATE ON entry_sealed BEGIN SELECT RAISE(ABORT, 'rows of entry_sealed are never changed or deleted'); END;
CREATE TRIGGER entry_sealed_is_final_d BEFORE DELETE ON entry_sealed BEGIN SELECT RAISE(ABORT, 'rows of entry_sealed are never changed or deleted'); END;
CREATE TRIGGER seal_is_final_u BEFORE UPDATE ON seal BEGIN SELECT RAISE(ABORT, 'rows of seal are never changed or deleted'); END;
CREATE TRIGGER seal_is_final_d BEFORE DELETE ON seal BEGIN SELECT RAISE(ABORT, 'rows of seal are never changed or deleted'); END;
CREATE TRIGGER purchase_is_final_u BEFORE UPDATE ON purchase BEGIN SELECT RAISE(ABORT, 'rows of purchase are never changed or deleted'); END;
CREATE TRIGGER purchase_is_final_d BEFORE DELETE ON purchase BEGIN SELECT RAISE(ABORT, 'rows of purchase are never changed or deleted'); END;
CREATE TRIGGER event_is_final_u BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'rows of event are never changed or deleted'); END;
CREATE TRIGGER event_is_final_d BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'rows of event are never changed or deleted'); END;
CREATE TRIGGER event_placed_is_final_u BEFORE UPDATE ON event_placed BEGIN SELECT RAISE(ABORT, 'rows of event_placed are never changed or deleted'); END;
CREATE TRIGGER event_placed_is_final_d BEFORE DELETE ON event_placed BEGIN SELECT RAISE(ABORT, 'rows of event_placed are never changed or deleted'); END;
CREATE TRIGGER item_is_final_u BEFORE UPDATE ON item BEGIN SELECT RAISE(ABORT, 'rows of item are never changed or deleted'); END;
CREATE TRIGGER item_is_final_d BEFORE DELETE ON item BEGIN SELECT RAISE(ABORT, 'rows of item are never changed or deleted'); END;
CREATE TRIGGER refund_is_final_u BEFORE UPDATE ON refund BEGIN SELECT RAISE(ABORT, 'rows of refund are never changed or deleted'); END;
CREATE TRIGGER refund_is_final_d BEFORE DELETE ON refund BEGIN SELECT RAISE(ABORT, 'rows of refund are never changed or deleted'); END;
CREATE TRIGGER transfer_is_final_u BEFORE UPDATE ON transfer BEGIN SELECT RAISE(ABORT, 'rows of transfer are never changed or deleted'); END;
CREATE TRIGGER transfer_is_final_d BEFORE DELETE ON transfer BEGIN SELECT RAISE(ABORT, 'rows of transfer are never changed or deleted'); END;
CREATE TRIGGER trade_is_final_u BEFORE UPDATE ON trade BEGIN SELECT RAISE(ABORT, 'rows of trade are never changed or deleted'); END;
CREATE TRIGGER trade_is_final_d BEFORE DELETE ON trade BEGIN SELECT RAISE(ABORT, 'rows of trade are never changed or deleted'); END;
CREATE TRIGGER vault_load_is_final_u BEFORE UPDATE ON vault_load BEGIN SELECT RAISE(ABORT, 'rows of vault_load are never changed or deleted'); END;
CREATE TRIGGER vault_load_is_final_d BEFORE DELETE ON vault_load BEGIN SELECT RAISE(ABORT, 'rows of vault_load are never changed or deleted'); END;
CREATE TRIGGER evidence_is_final_u BEFORE UPDATE ON evidence BEGIN SELECT RAISE(ABORT, 'rows of evidence are never changed or deleted'); END;
CREATE TRIGGER evidence_is_final_d BEFORE DELETE ON evidence BEGIN SELECT RAISE(ABORT, 'rows of evidence are never changed or deleted'); END;
CREATE TRIGGER idempotency_is_final_u BEFORE UPDATE ON idempotency BEGIN SELECT RAISE(ABORT, 'rows of idempotency are never changed or deleted'); END;
CREATE TRIGGER idempotency_is_final_d BEFORE DELETE ON idempotency BEGIN SELECT RAISE(ABORT, 'rows of idempotency are never changed or deleted'); END;
CREATE TRIGGER log_line_is_final_u BEFORE UPDATE ON log_line BEGIN SELECT RAISE(ABORT, 'rows of log_line are never changed or deleted'); END;
CREATE TRIGGER log_line_is_final_d BEFORE DELETE ON log_line BEGIN SELECT RAISE(ABORT, 'rows of log_line are never changed or deleted'); END;
CREATE TRIGGER offer_use_is_final_u BEFORE UPDATE ON offer_use BEGIN SELECT RAISE(ABORT, 'rows of offer_use are never changed or deleted'); END;
CREATE TRIGGER offer_use_is_final_d BEFORE DELETE ON offer_use BEGIN SELECT RAISE(ABORT, 'rows of offer_use are never changed or deleted'); END;
