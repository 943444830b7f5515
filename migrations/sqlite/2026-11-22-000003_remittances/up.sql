-- Money that leaves: tax for its authority, with the return that says what it is for, and what merchants are owed.

-- What is told of `months` up to `position` of the journal, less what the remittances in `counted` told of them. Base,
-- tax and carried may be below zero; `paid` is what is set apart. `account` is the tax account in the ledger, and of two
-- remittances at once only one has the next `number` of it.
CREATE TABLE remittance (
    id        TEXT   NOT NULL PRIMARY KEY,
    at        BIGINT NOT NULL,
    account   TEXT   NOT NULL,
    taxpayer  TEXT   NOT NULL,
    authority TEXT   NOT NULL,
    currency  TEXT   NOT NULL,
    period    TEXT   NOT NULL,
    number    BIGINT NOT NULL,
    position  BIGINT NOT NULL,
    months    TEXT   NOT NULL,
    counted   TEXT   NOT NULL,
    lines     TEXT   NOT NULL,
    base      BIGINT NOT NULL,
    tax       BIGINT NOT NULL,
    carried   BIGINT NOT NULL,
    paid      BIGINT NOT NULL,
    evidence  BLOB   NOT NULL,
    UNIQUE (account, number)
);
CREATE INDEX remittance_at ON remittance (at, id);
CREATE INDEX remittance_taxpayer ON remittance (taxpayer, at, id);

-- The return, as the plugin wrote it.
CREATE TABLE filing (
    remittance TEXT NOT NULL PRIMARY KEY,
    hash       BLOB NOT NULL,
    media_type TEXT NOT NULL,
    file_name  TEXT NOT NULL,
    body       BLOB NOT NULL
);

-- Each time a return was sent, and what was answered. `url` is without its query, which may hold a secret.
CREATE TABLE filing_sent (
    remittance TEXT   NOT NULL,
    n          BIGINT NOT NULL,
    at         BIGINT NOT NULL,
    url        TEXT   NOT NULL,
    status     BIGINT,
    answer     TEXT   NOT NULL,
    PRIMARY KEY (remittance, n)
) WITHOUT ROWID;

CREATE TABLE payout (
    id       TEXT   NOT NULL PRIMARY KEY,
    merchant TEXT   NOT NULL,
    at       BIGINT NOT NULL,
    amount   BIGINT NOT NULL CHECK (amount > 0),
    currency TEXT   NOT NULL
);
CREATE INDEX payout_at ON payout (at, id);
CREATE INDEX payout_merchant ON payout (merchant, at, id);

-- What became of a remittance or payout. What is not here is still under way. `number` goes on with that of the
-- remittances of the account, so that it is known which of them came first.
CREATE TABLE settlement (
    object  TEXT   NOT NULL PRIMARY KEY,
    at      BIGINT NOT NULL,
    outcome TEXT   NOT NULL,
    number  BIGINT NOT NULL
);

-- What went back in a month is looked for by merchant.
CREATE INDEX refund_merchant ON refund (merchant, at, id);

CREATE TRIGGER remittance_is_final_u BEFORE UPDATE ON remittance BEGIN SELECT RAISE(ABORT, 'rows of remittance are never changed or deleted'); END;
CREATE TRIGGER remittance_is_final_d BEFORE DELETE ON remittance BEGIN SELECT RAISE(ABORT, 'rows of remittance are never changed or deleted'); END;
CREATE TRIGGER filing_is_final_u BEFORE UPDATE ON filing BEGIN SELECT RAISE(ABORT, 'rows of filing are never changed or deleted'); END;
CREATE TRIGGER filing_is_final_d BEFORE DELETE ON filing BEGIN SELECT RAISE(ABORT, 'rows of filing are never changed or deleted'); END;
CREATE TRIGGER filing_sent_is_final_u BEFORE UPDATE ON filing_sent BEGIN SELECT RAISE(ABORT, 'rows of filing_sent are never changed or deleted'); END;
CREATE TRIGGER filing_sent_is_final_d BEFORE DELETE ON filing_sent BEGIN SELECT RAISE(ABORT, 'rows of filing_sent are never changed or deleted'); END;
CREATE TRIGGER payout_is_final_u BEFORE UPDATE ON payout BEGIN SELECT RAISE(ABORT, 'rows of payout are never changed or deleted'); END;
CREATE TRIGGER payout_is_final_d BEFORE DELETE ON payout BEGIN SELECT RAISE(ABORT, 'rows of payout are never changed or deleted'); END;
CREATE TRIGGER settlement_is_final_u BEFORE UPDATE ON settlement BEGIN SELECT RAISE(ABORT, 'rows of settlement are never changed or deleted'); END;
CREATE TRIGGER settlement_is_final_d BEFORE DELETE ON settlement BEGIN SELECT RAISE(ABORT, 'rows of settlement are never changed or deleted'); END;
