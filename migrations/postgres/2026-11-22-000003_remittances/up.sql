-- Money that leaves: tax for its authority, with the return that says what it is for, and what merchants are owed.

-- What is told of `months` up to `position` of the journal, less what the remittances in `counted` told of them. Base,
-- tax and carried may be below zero; `paid` is what is set apart. `account` is the tax account in the ledger, and of two
-- remittances at once only one has the next `number` of it.
CREATE TABLE remittance (
    id        TEXT COLLATE "C"   NOT NULL PRIMARY KEY,
    at        BIGINT NOT NULL,
    account   TEXT COLLATE "C"   NOT NULL,
    taxpayer  TEXT COLLATE "C"   NOT NULL,
    authority TEXT COLLATE "C"   NOT NULL,
    currency  TEXT COLLATE "C"   NOT NULL,
    period    TEXT COLLATE "C"   NOT NULL,
    number    BIGINT NOT NULL,
    position  BIGINT NOT NULL,
    months    TEXT COLLATE "C"   NOT NULL,
    counted   TEXT COLLATE "C"   NOT NULL,
    lines     TEXT COLLATE "C"   NOT NULL,
    base      BIGINT NOT NULL,
    tax       BIGINT NOT NULL,
    carried   BIGINT NOT NULL,
    paid      BIGINT NOT NULL,
    evidence  BYTEA   NOT NULL,
    UNIQUE (account, number)
);
CREATE INDEX remittance_at ON remittance (at, id);
CREATE INDEX remittance_taxpayer ON remittance (taxpayer, at, id);

-- The return, as the plugin wrote it.
CREATE TABLE filing (
    remittance TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    hash       BYTEA NOT NULL,
    media_type TEXT COLLATE "C" NOT NULL,
    file_name  TEXT COLLATE "C" NOT NULL,
    body       BYTEA NOT NULL
);

-- Each time a return was sent, and what was answered. `url` is without its query, which may hold a secret.
CREATE TABLE filing_sent (
    remittance TEXT COLLATE "C"   NOT NULL,
    n          BIGINT NOT NULL,
    at         BIGINT NOT NULL,
    url        TEXT COLLATE "C"   NOT NULL,
    status     BIGINT,
    answer     TEXT COLLATE "C"   NOT NULL,
    PRIMARY KEY (remittance, n)
);

CREATE TABLE payout (
    id       TEXT COLLATE "C"   NOT NULL PRIMARY KEY,
    merchant TEXT COLLATE "C"   NOT NULL,
    at       BIGINT NOT NULL,
    amount   BIGINT NOT NULL CHECK (amount > 0),
    currency TEXT COLLATE "C"   NOT NULL
);
CREATE INDEX payout_at ON payout (at, id);
CREATE INDEX payout_merchant ON payout (merchant, at, id);

-- What became of a remittance or payout. What is not here is still under way. `number` goes on with that of the
-- remittances of the account, so that it is known which of them came first.
CREATE TABLE settlement (
    object  TEXT COLLATE "C"   NOT NULL PRIMARY KEY,
    at      BIGINT NOT NULL,
    outcome TEXT COLLATE "C"   NOT NULL,
    number  BIGINT NOT NULL
);

-- What went back in a month is looked for by merchant.
CREATE INDEX refund_merchant ON refund (merchant, at, id);

CREATE TRIGGER remittance_is_final BEFORE UPDATE OR DELETE ON remittance FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER filing_is_final BEFORE UPDATE OR DELETE ON filing FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER filing_sent_is_final BEFORE UPDATE OR DELETE ON filing_sent FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payout_is_final BEFORE UPDATE OR DELETE ON payout FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER settlement_is_final BEFORE UPDATE OR DELETE ON settlement FOR EACH ROW EXECUTE FUNCTION refuse_change();
