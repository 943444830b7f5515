-- Who is sending a return, or has: taken before it is sent, so that of several at once one does. `n` counts the claims of a
-- remittance. `sent` is the row of filing_sent that came of it; none while it is under way, and if the gateway ended before
-- it heard an answer. Where the request cannot have arrived the key is given back, and `key` is none.
CREATE TABLE filing_claim (
    remittance  TEXT COLLATE "C" NOT NULL,
    n           BIGINT           NOT NULL,
    scope       TEXT COLLATE "C" NOT NULL,
    key         TEXT COLLATE "C",
    fingerprint BYTEA            NOT NULL,
    at          BIGINT           NOT NULL,
    sent        BIGINT,
    PRIMARY KEY (remittance, n),
    UNIQUE (scope, key)
);
