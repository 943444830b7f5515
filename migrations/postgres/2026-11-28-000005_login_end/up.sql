-- How long after its buyer ended all logins a shop is told that its own is over, in microseconds, drawn when it is given; and
-- when that is. Those that are there get a time of a day as well.
ALTER TABLE login_grant ADD COLUMN ends_after BIGINT NOT NULL DEFAULT 0;
ALTER TABLE login_grant ADD COLUMN ends_at BIGINT;
UPDATE login_grant SET ends_after = floor(random() * 86400000000)::BIGINT;
CREATE INDEX login_grant_ends ON login_grant (ends_at);
