-- Merchants' endpoints. Secrets are encrypted; the one before is good until its time. `position` is how far in the
-- stream of events its deliveries were made, `first_position` from where on with these kinds. A slow
-- one took long to answer, or could not be reached, the last time. One that is deleted
-- has no secrets any more, and its deliveries are forgotten bit by bit.
CREATE TABLE webhook (
    id                  TEXT   NOT NULL PRIMARY KEY,
    merchant            TEXT   NOT NULL,
    url                 TEXT   NOT NULL,
    kinds               TEXT   NOT NULL,
    plugin              TEXT   NOT NULL,
    secret              BLOB   NOT NULL,
    secret_before       BLOB  ,
    secret_before_until BIGINT,
    first_position      BIGINT NOT NULL,
    position            BIGINT NOT NULL,
    created_at          BIGINT NOT NULL,
    disabled_at         BIGINT,
    disabled_reason     TEXT  ,
    slow                BOOLEAN NOT NULL,
    deleted             BOOLEAN NOT NULL
);
CREATE INDEX webhook_merchant ON webhook (merchant, created_at);

-- An event on its way to an endpoint. `next_at` is when it is tried, by the gateway's clock, and null when nothing is
-- left to do. Whoever tries it holds it by `claim` until `claimed_until`, by the machine's clock; `failures` counts
-- tries in a row, `part` the requests of a plugin that were delivered.
CREATE TABLE webhook_delivery (
    id            TEXT   NOT NULL PRIMARY KEY,
    webhook       TEXT   NOT NULL,
    event         TEXT   NOT NULL,
    created_at    BIGINT NOT NULL,
    state         TEXT   NOT NULL,
    next_at       BIGINT,
    failures      BIGINT NOT NULL,
    part          BIGINT NOT NULL,
    claim         TEXT  ,
    claimed_until BIGINT,
    UNIQUE (webhook, event)
);
CREATE INDEX webhook_delivery_due ON webhook_delivery (webhook, next_at) WHERE next_at IS NOT NULL;
CREATE INDEX webhook_delivery_list ON webhook_delivery (webhook, created_at, id);

-- Every try, with what came back.
CREATE TABLE webhook_attempt (
    id          TEXT   NOT NULL PRIMARY KEY,
    delivery    TEXT   NOT NULL,
    part        BIGINT NOT NULL,
    at          BIGINT NOT NULL,
    outcome     TEXT   NOT NULL,
    status      BIGINT,
    answer      TEXT   NOT NULL,
    duration_ms BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX webhook_attempt_delivery ON webhook_attempt (delivery, id);
