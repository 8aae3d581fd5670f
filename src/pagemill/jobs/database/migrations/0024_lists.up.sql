-- Lists of jobs that stay fast over a million rows, jobs that are run again, and the history of metrics.

-- The host of a URL, in lower case and without its port.
CREATE FUNCTION url_host(url text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT left(lower(substring(url FROM '^[^:]+://(?:[^/?#@]*@)?(\[[^]]*\]|[^/?#:]*)')), 255)
$$;

-- A job's first page is made with it, so that both have the same `created_at`.
CREATE INDEX pages_of_host ON pages (key_id, url_host(url), created_at DESC, job_id DESC) WHERE position = 0;
CREATE INDEX pages_failed ON pages (job_id, error_code, position) WHERE error_code IS NOT NULL;
CREATE INDEX jobs_of_key_batches ON jobs (key_id, created_at DESC, id DESC) WHERE batch AND kind = 'scrape';

ALTER TABLE jobs ADD COLUMN retry_of text;  -- the job that was run again as this one; it may be deleted by now
CREATE INDEX jobs_retries ON jobs (retry_of) WHERE retry_of IS NOT NULL;

-- What each process that keeps the history counted between two of its samples. The sum over sources is the service's.
CREATE TABLE metrics_history (
    source    text NOT NULL,                    -- random, another one after each start
    number    integer NOT NULL,                 -- of the sample, from 1
    taken_at  timestamptz NOT NULL DEFAULT now(),
    counted   jsonb NOT NULL,                   -- how much each counter grew, by its name and labels; those that did
    gauges    jsonb NOT NULL,                   -- what this source's gauges stood at
    queue     jsonb NOT NULL,                   -- the state of the queue, which is the same for all sources
    PRIMARY KEY (source, number)
);

CREATE INDEX metrics_history_age ON metrics_history (taken_at);
