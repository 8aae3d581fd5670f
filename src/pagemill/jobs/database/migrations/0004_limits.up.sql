-- What keeps clients in bounds, and jobs findable.

-- The last job of each request, to join one that is sent again because its answer got lost.
CREATE TABLE recent_requests (
    key_id        text NOT NULL,
    request_hash  bytea NOT NULL,
    job_id        text NOT NULL REFERENCES jobs ON DELETE CASCADE,
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (key_id, request_hash)
);
CREATE INDEX recent_requests_of_job ON recent_requests (job_id);

-- When each key submitted, as far back as the sliding window reaches.
CREATE TABLE submit_windows (
    key_id    text NOT NULL,
    endpoint  text NOT NULL,
    times     timestamptz[] NOT NULL,
    PRIMARY KEY (key_id, endpoint)
);

-- How many pages each key submitted on its last day, in UTC.
CREATE TABLE daily_pages (
    key_id  text PRIMARY KEY,
    day     date NOT NULL,
    pages   bigint NOT NULL
);

-- A key's jobs, newest first; and the few among them that have not ended, or failed.
CREATE INDEX jobs_of_key ON jobs (key_id, created_at DESC, id DESC);
CREATE INDEX jobs_of_key_unended ON jobs (key_id, created_at DESC, id DESC) WHERE completed_at IS NULL;
CREATE INDEX jobs_of_key_failed ON jobs (key_id, created_at DESC, id DESC) WHERE status = 'failed';
