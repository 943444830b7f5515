-- How long after its buyer ended all logins a shop is told that its own is over, in microseconds; and when that is.
ALTER TABLE login_grant ADD COLUMN ends_after BIGINT NOT NULL DEFAULT 0;
ALTER TABLE login_grant ADD COLUMN ends_at BIGINT;
CREATE INDEX login_grant_ends ON login_grant (ends_at);
