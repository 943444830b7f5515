DROP TABLE plugin_shadow_example;
DROP TABLE plugin_shadow_tally;
DROP TABLE plugin_shadow;
DROP TABLE plugin_secret;
DROP TABLE plugin_key;
ALTER TABLE plugin_binding DROP COLUMN config;
ALTER TABLE plugin DROP COLUMN grants;
ALTER TABLE plugin DROP COLUMN publisher;
