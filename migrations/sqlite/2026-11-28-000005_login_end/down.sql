DROP INDEX login_grant_ends;
ALTER TABLE login_grant DROP COLUMN ends_at;
ALTER TABLE login_grant DROP COLUMN ends_after;
