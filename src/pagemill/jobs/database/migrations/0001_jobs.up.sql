-- Keys, jobs, their pages (which are the queue as well) and what the pages gave.

CREATE TABLE keys (
    id          text PRIMARY KEY,
    name        text NOT NULL,
    hash        bytea UNIQUE,                -- SHA-256 of the key; null for the key of those who need none
    created_at  timestamptz NOT NULL DEFAULT now(),
    revoked_at  timestamptz
);

INSERT INTO keys (id, name) VALUES ('anonymous', 'requests without a key, where authentication is off');

CREATE TYPE status AS ENUM ('pending', 'processing', 'completed', 'failed');

CREATE TABLE jobs (
    id               text PRIMARY KEY,
    key_id           text NOT NULL REFERENCES keys,
    batch            boolean NOT NULL,
    options          jsonb NOT NULL,
    status           status NOT NULL DEFAULT 'pending',
    pages_left       integer NOT NULL,        -- pages that have not ended
    pages_completed  integer NOT NULL DEFAULT 0,
    idempotency_key  text,
    request_hash     bytea,                   -- SHA-256 of the request that the idempotency key came with
    created_at       timestamptz NOT NULL DEFAULT now(),
    completed_at     timestamptz
);

CREATE UNIQUE INDEX jobs_idempotency ON jobs (key_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX jobs_ended ON jobs (completed_at) WHERE completed_at IS NOT NULL;

-- A worker is alive while it keeps renewing `seen_at`.
CREATE TABLE workers (
    id          text PRIMARY KEY,
    started_at  timestamptz NOT NULL DEFAULT now(),
    seen_at     timestamptz NOT NULL DEFAULT now()
);

-- A page waits in the queue while it has not ended and no worker has it in hand.
CREATE TABLE pages (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job_id         text NOT NULL REFERENCES jobs ON DELETE CASCADE,
    key_id         text NOT NULL,              -- of the job: the queue serves keys in turn
    position       integer NOT NULL,           -- in the submission, from 0
    url            text NOT NULL,
    status         status NOT NULL DEFAULT 'pending',
    worker_id      text,                       -- who has it in hand
    attempt        integer NOT NULL DEFAULT 0, -- grows each time it is taken: only the last taker may end it
    crashes        integer NOT NULL DEFAULT 0, -- workers that died with it in hand
    final_url      text,
    status_code    integer,
    error_code     text,
    error_message  text,
    cached         boolean NOT NULL DEFAULT false,
    created_at     timestamptz NOT NULL DEFAULT now(),
    started_at     timestamptz,
    completed_at   timestamptz,
    UNIQUE (job_id, position)
);

CREATE INDEX pages_waiting ON pages (key_id, id) WHERE worker_id IS NULL AND completed_at IS NULL;
CREATE INDEX pages_held ON pages (worker_id) WHERE worker_id IS NOT NULL AND completed_at IS NULL;

-- Values packed as in pagemill.bodies; already compressed, so PostgreSQL need not try.
CREATE TABLE bodies (
    page_id  bigint NOT NULL REFERENCES pages ON DELETE CASCADE,
    format   text NOT NULL,
    body     bytea NOT NULL,
    PRIMARY KEY (page_id, format)
);

ALTER TABLE bodies ALTER COLUMN body SET STORAGE EXTERNAL;
