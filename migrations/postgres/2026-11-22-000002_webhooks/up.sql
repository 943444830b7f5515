-- Merchants' endpoints. Secrets are encrypted; the one before is good until its time. `position` is how far in the
-- stream of events its deliveries were made, `first_position` from where on with these kinds. A slow
-- one took long to answer, or could not be reached, the last time. One that is deleted
-- has no secrets any more, and its deliveries are forgotten bit by bit.
CREATE TABLE webhook (
    id                  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    merchant            TEXT COLLATE "C" NOT NULL,
    url                 TEXT COLLATE "C" NOT NULL,
    kinds               TEXT COLLATE "C" NOT NULL,
    plugin              TEXT COLLATE "C" NOT NULL,
    secret              BYTEA NOT NULL,
    secret_before       BYTEA,
    secret_before_until BIGINT,
    first_position      BIGINT NOT NULL,
    position            BIGINT NOT NULL,
    created_at          BIGINT NOT NULL,
    disabled_at         BIGINT,
    disabled_reason     TEXT COLLATE "C",
    slow                BOOLEAN NOT NULL,
    deleted             BOOLEAN NOT NULL
);
CREATE INDEX webhook_merchant ON webhook (merchant, created_at);

-- An event on its way to an endpoint. `next_at` is when it is tried, by the gateway's clock, and null when nothing is
-- left to do. Whoever tries it holds it by `claim` until `claimed_until`, by the machine's clock; `failures` counts
-- tries in a row, `part` the requests of a plugin that were delivered.
CREATE TABLE webhook_delivery (
    id            TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    webhook       TEXT COLLATE "C" NOT NULL,
    event         TEXT COLLATE "C" NOT NULL,
    created_at    BIGINT NOT NULL,
    state         TEXT COLLATE "C" NOT NULL,
    next_at       BIGINT,
    failures      BIGINT NOT NULL,
    part          BIGINT NOT NULL,
    claim         TEXT COLLATE "C",
    claimed_until BIGINT,
    UNIQUE (webhook, event)
);
CREATE INDEX webhook_delivery_due ON webhook_delivery (webhook, next_at) WHERE next_at IS NOT NULL;
CREATE INDEX webhook_delivery_list ON webhook_delivery (webhook, created_at, id);

-- Every try, with what came back.
CREATE TABLE webhook_attempt (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    delivery    TEXT COLLATE "C" NOT NULL,
    part        BIGINT NOT NULL,
    at          BIGINT NOT NULL,
    outcome     TEXT COLLATE "C" NOT NULL,
    status      BIGINT,
    answer      TEXT COLLATE "C" NOT NULL,
    duration_ms BIGINT NOT NULL
);
CREATE INDEX webhook_attempt_delivery ON webhook_attempt (delivery, id);
