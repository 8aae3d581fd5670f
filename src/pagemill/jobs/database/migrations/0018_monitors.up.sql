-- Monitors: pages and sites that are looked at again and again, what they held last, and what changed.

CREATE TABLE monitors (
    id                 text PRIMARY KEY,
    key_id             text NOT NULL REFERENCES keys,
    request            jsonb NOT NULL,                   -- what was asked for, as the API takes it
    url                text NOT NULL,
    options            jsonb NOT NULL,                   -- of the pages, as in jobs
    site               jsonb,                            -- what its crawls are to find; null: it watches one page
    interval_minutes   integer NOT NULL,
    alert_webhook_url  text,
    is_active          boolean NOT NULL,
    expires_at         timestamptz,
    revision           text NOT NULL,                    -- random; another one after each change of what was asked for
    next_run_at        timestamptz,                      -- null: never
    scheduled_at       timestamptz NOT NULL DEFAULT now(), -- when `next_run_at` was written
    job_id             text,                             -- of the run under way, from before it is submitted on
    submitted          boolean NOT NULL DEFAULT false,   -- whether that job was submitted
    leased_at          timestamptz,                      -- when a worker took what the run needs next
    claims             integer NOT NULL DEFAULT 0,       -- grows each time that happens: only the last taker may write
    compared           integer NOT NULL DEFAULT -1,      -- the last position of the job's pages that was compared
    checks             integer NOT NULL DEFAULT 0,       -- runs that gave something to compare the next one with
    last_checked_at    timestamptz,
    last_changed_at    timestamptz,
    last_alerted_at    timestamptz,
    error_code         text,                             -- why the last run failed, if it did
    error_message      text,
    created_at         timestamptz NOT NULL DEFAULT now(),
    updated_at         timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX monitors_of_key ON monitors (key_id, created_at DESC, id DESC);
CREATE INDEX monitors_due ON monitors (next_run_at) WHERE next_run_at IS NOT NULL AND job_id IS NULL;
CREATE INDEX monitors_running ON monitors (leased_at) WHERE job_id IS NOT NULL;
CREATE INDEX monitors_scheduled ON monitors (scheduled_at) WHERE next_run_at IS NOT NULL;

-- A page of a crawl that did not change since the moment, or the monitor, that the crawl was given.
ALTER TABLE crawl_urls ADD COLUMN unchanged boolean NOT NULL DEFAULT false;

-- What each page held when it was last found to differ.
CREATE TABLE monitor_pages (
    monitor_id   text NOT NULL REFERENCES monitors ON DELETE CASCADE,
    page         bytea NOT NULL,                         -- SHA-256 of the URL's identity
    url          text NOT NULL,
    content      bytea,                                  -- packed as in pagemill.bodies
    data         bytea,                                  -- the same of its structured JSON
    captured_at  timestamptz NOT NULL,
    seen_in      text NOT NULL,                          -- the last job that had it
    seen_at      timestamptz NOT NULL,
    PRIMARY KEY (monitor_id, page)
);
ALTER TABLE monitor_pages ALTER COLUMN content SET STORAGE EXTERNAL, ALTER COLUMN data SET STORAGE EXTERNAL;

CREATE TABLE monitor_changes (
    id          text PRIMARY KEY,
    monitor_id  text NOT NULL REFERENCES monitors ON DELETE CASCADE,
    job_id      text NOT NULL,
    kind        text NOT NULL,                           -- changed, added or removed
    url         text NOT NULL,
    summary     text NOT NULL,
    diff        text,
    diff_json   jsonb,
    changed_at  timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX monitor_changes_of_monitor ON monitor_changes (monitor_id, changed_at DESC, id DESC);
CREATE INDEX monitor_changes_of_job ON monitor_changes (job_id);
