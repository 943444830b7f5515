-- Browsers in which somebody is signed in, by the keyed hash of their cookie. A buyer's names a session, which ends it
-- with itself; one of a merchant or an operator holds the keyed hash of the API key that it was opened with, so that
-- withdrawing the key ends it. Exactly one of the two is there.
CREATE TABLE browser_session (
    hash       BLOB   NOT NULL PRIMARY KEY,
    kind       TEXT   NOT NULL CHECK (kind IN ('buyer', 'merchant', 'operator')),
    session    TEXT  ,
    key_hash   BLOB  ,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    CHECK ((kind = 'buyer') = (session IS NOT NULL)),
    CHECK ((kind = 'buyer') = (key_hash IS NULL))
) WITHOUT ROWID;
CREATE INDEX browser_session_session ON browser_session (session);
CREATE INDEX browser_session_expires_at ON browser_session (expires_at);
