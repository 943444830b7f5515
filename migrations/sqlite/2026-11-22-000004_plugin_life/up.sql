-- The life of a plugin: who made it, what it was granted, how it is configured, what it would have answered.

-- The thumbprint of the key that signed the file; none, if nobody did.
ALTER TABLE plugin ADD COLUMN publisher TEXT;
-- What the operator gave of what the manifest asks for, as JSON; secrets are in plugin_secret.
ALTER TABLE plugin ADD COLUMN grants TEXT NOT NULL DEFAULT '{}';

-- The operator's configuration, from the binding's first day on.
ALTER TABLE plugin_binding ADD COLUMN config TEXT;

-- Publishers whose plugins may be installed.
CREATE TABLE plugin_key (
    id       TEXT   NOT NULL PRIMARY KEY,
    name     TEXT   NOT NULL,
    material BLOB   NOT NULL,
    added_at BIGINT NOT NULL
);
CREATE INDEX plugin_key_added_at ON plugin_key (added_at);

-- Wrapped: nobody is shown one again.
CREATE TABLE plugin_secret (
    plugin  TEXT NOT NULL,
    name    TEXT NOT NULL,
    wrapped BLOB NOT NULL,
    PRIMARY KEY (plugin, name)
);

-- Where a version runs beside the one that answers.
CREATE TABLE plugin_shadow (
    place      TEXT   NOT NULL,
    plugin     TEXT   NOT NULL,
    config     TEXT,
    started_at BIGINT NOT NULL,
    PRIMARY KEY (place, plugin)
);

-- What it would have answered, in sums. The difference is its tax less the one that was charged, in minor units.
CREATE TABLE plugin_shadow_tally (
    plugin     TEXT   NOT NULL,
    country    TEXT   NOT NULL,
    merchant   TEXT   NOT NULL,
    currency   TEXT   NOT NULL,
    calls      BIGINT NOT NULL,
    equal      BIGINT NOT NULL,
    failed     BIGINT NOT NULL,
    difference BIGINT NOT NULL,
    PRIMARY KEY (plugin, country, merchant, currency)
);

-- The first answers that were others.
CREATE TABLE plugin_shadow_example (
    plugin   TEXT   NOT NULL,
    position BIGINT NOT NULL,
    at       BIGINT NOT NULL,
    document TEXT   NOT NULL,
    PRIMARY KEY (plugin, position)
);
