-- Merchants that sell postage ------------------------------------------------------------------------------

ALTER TABLE merchant ADD COLUMN stamps_plugin TEXT COLLATE "C";
ALTER TABLE merchant ADD COLUMN void_hold_days BIGINT;

-- A vendor of stamps. `items` counts its stamps of all currencies.
CREATE TABLE stamp_vendor (
    merchant TEXT COLLATE "C"   NOT NULL PRIMARY KEY,
    number   BIGINT NOT NULL UNIQUE,
    items    BIGINT NOT NULL
);

-- In thousandths of the currency's minor unit.
CREATE TABLE stamp_register (
    vendor     TEXT COLLATE "C"   NOT NULL,
    currency   TEXT COLLATE "C"   NOT NULL,
    pieces     BIGINT NOT NULL,
    ascending  BIGINT NOT NULL,
    descending BIGINT NOT NULL,
    loaded     BIGINT NOT NULL,
    PRIMARY KEY (vendor, currency),
    CHECK (ascending + descending = loaded)
);

-- `public` is as it is; the seed of the signing key and the key of the small symbols' MACs are encrypted in `secret`. The
-- newest of a vendor signs, all of them verify.
CREATE TABLE stamp_key (
    id         BIGINT NOT NULL PRIMARY KEY,
    vendor     TEXT COLLATE "C"   NOT NULL,
    public     BYTEA  NOT NULL,
    secret     BYTEA  NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX stamp_key_vendor ON stamp_key (vendor, id);

-- Stamps ---------------------------------------------------------------------------------------------------

-- What was sold, up to `ordered`, never changes; what became of it does. `due_at` is when somebody must look at it again:
-- to finish what is `issuing`, or a `void-pending`.
CREATE TABLE stamp (
    id            TEXT COLLATE "C"   NOT NULL PRIMARY KEY,
    account       TEXT COLLATE "C"   NOT NULL,
    vendor        TEXT COLLATE "C"   NOT NULL,
    vendor_number BIGINT NOT NULL,
    key_id        BIGINT NOT NULL,
    item          TEXT COLLATE "C"   NOT NULL UNIQUE,
    at            BIGINT NOT NULL,
    price         BIGINT NOT NULL,
    currency      TEXT COLLATE "C"   NOT NULL,
    service       TEXT COLLATE "C"   NOT NULL,
    expires_on    TEXT COLLATE "C"   NOT NULL,
    piece         BIGINT NOT NULL,
    ascending     BIGINT NOT NULL,
    descending    BIGINT NOT NULL,
    item_serial   BIGINT NOT NULL,
    ordered       TEXT COLLATE "C"   NOT NULL,
    status        TEXT COLLATE "C"   NOT NULL,
    issue         TEXT COLLATE "C",
    indicium      BYTEA,
    failure       TEXT COLLATE "C",
    seen_at       BIGINT,
    seen_place    TEXT COLLATE "C",
    asked_at      BIGINT,
    due_at        BIGINT,
    UNIQUE (vendor, currency, piece)
);
CREATE INDEX stamp_account ON stamp (account, at, id);
CREATE INDEX stamp_due ON stamp (due_at);

CREATE TABLE stamp_scan (
    id         TEXT COLLATE "C"   NOT NULL PRIMARY KEY,
    stamp      TEXT COLLATE "C"   NOT NULL,
    at         BIGINT NOT NULL,
    scanned_at BIGINT NOT NULL,
    place      TEXT COLLATE "C",
    scanner    TEXT COLLATE "C"   NOT NULL,
    verdict    TEXT COLLATE "C"   NOT NULL
);
CREATE INDEX stamp_scan_stamp ON stamp_scan (stamp);

CREATE TRIGGER stamp_is_final_u BEFORE UPDATE OF id, account, vendor, vendor_number, key_id, item, at, price, currency, service, expires_on, piece, ascending, descending, item_serial, ordered ON stamp FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER stamp_is_final_d BEFORE DELETE ON stamp FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER stamp_scan_is_final BEFORE UPDATE OR DELETE ON stamp_scan FOR EACH ROW EXECUTE FUNCTION refuse_change();
