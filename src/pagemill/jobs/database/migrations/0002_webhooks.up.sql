-- Who wants to hear of jobs that end, and what was or is to be told to whom.

CREATE TABLE webhook_endpoints (
    id           text PRIMARY KEY,
    key_id       text NOT NULL REFERENCES keys,
    url          text NOT NULL,
    description  text,
    events       text[] NOT NULL,
    is_active    boolean NOT NULL DEFAULT true,
    secret_salt  bytea NOT NULL,              -- what the secret is derived from, with the service's key: jobs.signing
    secret_hash  bytea NOT NULL,              -- SHA-256 of the secret
    created_at   timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX webhook_endpoints_of_key ON webhook_endpoints (key_id, created_at);

-- The secret of each key for the `webhook_url` of requests.
CREATE TABLE webhook_account_secrets (
    key_id       text PRIMARY KEY REFERENCES keys,
    secret_salt  bytea NOT NULL,
    secret_hash  bytea NOT NULL
);

ALTER TABLE jobs ADD COLUMN webhook_url text;

CREATE TYPE delivery_status AS ENUM ('pending', 'success', 'failed', 'exhausted');

-- Neither endpoints nor jobs are referred to as foreign keys: a job's end must not fail, or wait, because an endpoint
-- is deleted at that moment, and the log may outlive the job.
CREATE TABLE webhook_deliveries (
    id               text PRIMARY KEY,
    key_id           text NOT NULL,
    endpoint_id      text,                    -- null: the request's own webhook_url
    job_id           text,                    -- null: a test
    event            text NOT NULL,
    url              text NOT NULL,
    receiver         text NOT NULL GENERATED ALWAYS AS
                         (lower(substring(url FROM '^[^:]+://(?:[^/?#@]*@)?([^/?#]*)'))) STORED,
    body             bytea,                   -- made at the first attempt, sent unchanged ever after
    status           delivery_status NOT NULL DEFAULT 'pending',
    http_status      integer,
    attempts         integer NOT NULL DEFAULT 0,
    error            text,
    next_attempt_at  timestamptz DEFAULT now(), -- null: none; while a worker has it in hand: when others may take it
    worker_id        text,                    -- who has it in hand
    claims           integer NOT NULL DEFAULT 0, -- grows each time it is taken: only the last taker may write
    created_at       timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX webhook_deliveries_due ON webhook_deliveries (receiver, next_attempt_at) WHERE next_attempt_at IS NOT NULL;
CREATE INDEX webhook_deliveries_held ON webhook_deliveries (worker_id) WHERE worker_id IS NOT NULL;
CREATE INDEX webhook_deliveries_of_key ON webhook_deliveries (key_id, created_at DESC, id DESC);
CREATE INDEX webhook_deliveries_of_job ON webhook_deliveries (job_id);
CREATE INDEX webhook_deliveries_of_endpoint ON webhook_deliveries (endpoint_id);
CREATE INDEX webhook_deliveries_ended ON webhook_deliveries (created_at) WHERE next_attempt_at IS NULL;
