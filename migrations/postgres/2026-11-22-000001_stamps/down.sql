DROP TABLE stamp_scan;
DROP TABLE stamp;
DROP TABLE stamp_key;
DROP TABLE stamp_register;
DROP TABLE stamp_vendor;
ALTER TABLE merchant DROP COLUMN void_hold_days;
ALTER TABLE merchant DROP COLUMN stamps_plugin;
