-- Logging in at a shop ---------------------------------------------------------------------------------

-- A shop as a client. Its addresses are JSON, its secret is kept as keyed hash.
CREATE TABLE login_client (
    id                        TEXT   NOT NULL PRIMARY KEY,
    merchant                  TEXT   NOT NULL,
    name                      TEXT,
    secret_hash               BLOB   NOT NULL,
    redirect_uris             TEXT   NOT NULL,
    post_logout_redirect_uris TEXT   NOT NULL,
    require_pkce              BOOLEAN NOT NULL,
    id_token_alg              TEXT   NOT NULL,
    created_at                BIGINT NOT NULL
);
CREATE INDEX login_client_merchant ON login_client (merchant, created_at);

-- What a buyer lets a merchant see.
CREATE TABLE login_consent (
    account  TEXT   NOT NULL,
    merchant TEXT   NOT NULL,
    scopes   TEXT   NOT NULL,
    at       BIGINT NOT NULL,
    PRIMARY KEY (account, merchant)
) WITHOUT ROWID;

-- What a client may do since a buyer logged in: first exchange a code, then what it got for it. Once its code is used
-- it is kept until nothing lives that it gave, so that the same code again ends it. `auth_time` is in seconds by the
-- machine's clock, and there only if the client asked.
CREATE TABLE login_grant (
    id           TEXT   NOT NULL PRIMARY KEY,
    client       TEXT   NOT NULL,
    account      TEXT   NOT NULL,
    session      TEXT   NOT NULL,
    scopes       TEXT   NOT NULL,
    code_hash    BLOB   NOT NULL UNIQUE,
    redirect_uri TEXT   NOT NULL,
    challenge    BLOB,
    nonce        TEXT,
    auth_time    BIGINT,
    used         BOOLEAN NOT NULL,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL
);
CREATE INDEX login_grant_account ON login_grant (account, client);
CREATE INDEX login_grant_client ON login_grant (client);
CREATE INDEX login_grant_expires ON login_grant (expires_at);

-- The refresh tokens of a grant, of which only the youngest may be used.
CREATE TABLE login_refresh (
    hash       BLOB   NOT NULL PRIMARY KEY,
    of_grant   TEXT   NOT NULL,
    used       BOOLEAN NOT NULL,
    expires_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX login_refresh_grant ON login_refresh (of_grant);
CREATE INDEX login_refresh_expires ON login_refresh (expires_at);

-- Keys that sign ID tokens besides those of receipts; the private half is encrypted.
CREATE TABLE login_key (
    alg        TEXT   NOT NULL PRIMARY KEY,
    secret     BLOB   NOT NULL,
    created_at BIGINT NOT NULL
);
