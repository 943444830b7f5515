-- Merchants that sell postage ------------------------------------------------------------------------------

ALTER TABLE merchant ADD COLUMN stamps_plugin TEXT;
ALTER TABLE merchant ADD COLUMN void_hold_days BIGINT;

-- A vendor of stamps. `items` counts its stamps of all currencies.
CREATE TABLE stamp_vendor (
    merchant TEXT   NOT NULL PRIMARY KEY,
    number   BIGINT NOT NULL UNIQUE,
    items    BIGINT NOT NULL
) WITHOUT ROWID;

-- In thousandths of the currency's minor unit.
CREATE TABLE stamp_register (
    vendor     TEXT   NOT NULL,
    currency   TEXT   NOT NULL,
    pieces     BIGINT NOT NULL,
    ascending  BIGINT NOT NULL,
    descending BIGINT NOT NULL,
    loaded     BIGINT NOT NULL,
    PRIMARY KEY (vendor, currency),
    CHECK (ascending + descending = loaded)
) WITHOUT ROWID;

-- `public` is as it is; the seed of the signing key and the key of the small symbols' MACs are encrypted in `secret`. The
-- newest of a vendor signs, all of them verify.
CREATE TABLE stamp_key (
    id         BIGINT NOT NULL PRIMARY KEY,
    vendor     TEXT   NOT NULL,
    public     BLOB   NOT NULL,
    secret     BLOB   NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX stamp_key_vendor ON stamp_key (vendor, id);

-- Stamps ---------------------------------------------------------------------------------------------------

-- What was sold, up to `ordered`, never changes; what became of it does. `due_at` is when somebody must look at it again:
-- to finish what is `issuing`, or a `void-pending`.
CREATE TABLE stamp (
    id            TEXT   NOT NULL PRIMARY KEY,
    account       TEXT   NOT NULL,
    vendor        TEXT   NOT NULL,
    vendor_number BIGINT NOT NULL,
    key_id        BIGINT NOT NULL,
    item          TEXT   NOT NULL UNIQUE,
    at            BIGINT NOT NULL,
    price         BIGINT NOT NULL,
    currency      TEXT   NOT NULL,
    service       TEXT   NOT NULL,
    expires_on    TEXT   NOT NULL,
    piece         BIGINT NOT NULL,
    ascending     BIGINT NOT NULL,
    descending    BIGINT NOT NULL,
    item_serial   BIGINT NOT NULL,
    ordered       TEXT   NOT NULL,
    status        TEXT   NOT NULL,
    issue         TEXT,
    indicium      BLOB,
    failure       TEXT,
    seen_at       BIGINT,
    seen_place    TEXT,
    asked_at      BIGINT,
    due_at        BIGINT,
    UNIQUE (vendor, currency, piece)
);
CREATE INDEX stamp_account ON stamp (account, at, id);
CREATE INDEX stamp_due ON stamp (due_at);

CREATE TABLE stamp_scan (
    id         TEXT   NOT NULL PRIMARY KEY,
    stamp      TEXT   NOT NULL,
    at         BIGINT NOT NULL,
    scanned_at BIGINT NOT NULL,
    place      TEXT,
    scanner    TEXT   NOT NULL,
    verdict    TEXT   NOT NULL
);
CREATE INDEX stamp_scan_stamp ON stamp_scan (stamp);

CREATE TRIGGER stamp_is_final_u BEFORE UPDATE OF id, account, vendor, vendor_number, key_id, item, at, price, currency, service, expires_on, piece, ascending, descending, item_serial, ordered ON stamp BEGIN SELECT RAISE(ABORT, 'what was sold as a stamp is never changed or deleted'); END;
CREATE TRIGGER stamp_is_final_d BEFORE DELETE ON stamp BEGIN SELECT RAISE(ABORT, 'what was sold as a stamp is never changed or deleted'); END;
CREATE TRIGGER stamp_scan_is_final_u BEFORE UPDATE ON stamp_scan BEGIN SELECT RAISE(ABORT, 'rows of stamp_scan are never changed or deleted'); END;
CREATE TRIGGER stamp_scan_is_final_d BEFORE DELETE ON stamp_scan BEGIN SELECT RAISE(ABORT, 'rows of stamp_scan are never changed or deleted'); END;
