-- Passkeys, by the id that their authenticator gave them. A buyer's is asked for beside e-mail, PIN and password; one of a
-- desk stands for the API key whose keyed hash it holds, and is worth nothing without it. Exactly one of the two is
-- there. `handle` is what the authenticator calls the user by: random, and no other passkey's. `credential` is the public
-- key and its counter, as JSON.
CREATE TABLE passkey (
    id         BLOB   NOT NULL PRIMARY KEY,
    account    TEXT  ,
    key_hash   BLOB  ,
    name       TEXT   NOT NULL,
    handle     BLOB   NOT NULL,
    credential TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    used_at    BIGINT,
    CHECK ((account IS NULL) <> (key_hash IS NULL))
) WITHOUT ROWID;
CREATE INDEX passkey_account ON passkey (account);
CREATE INDEX passkey_key ON passkey (key_hash);

-- Challenges that browsers were given, by the keyed hash of browser and ceremony. Each is answered once at most. `state`
-- is JSON.
CREATE TABLE passkey_ceremony (
    hash       BLOB   NOT NULL PRIMARY KEY,
    state      TEXT   NOT NULL,
    expires_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX passkey_ceremony_expires ON passkey_ceremony (expires_at);
