-- What monitors found before: versions of pages, and runs. And which deliveries are a monitor's.

-- Each content that a page was found to have, from when it is known on.
CREATE TABLE monitor_snapshots (
    id            text PRIMARY KEY,
    monitor_id    text NOT NULL,
    page          bytea NOT NULL,
    job_id        text NOT NULL,
    url           text NOT NULL,
    status_code   integer,
    content_hash  text NOT NULL,                         -- SHA-256 of its text, or of its JSON where it has no text
    content       bytea,                                 -- packed as in pagemill.bodies
    data          bytea,                                 -- the same of its structured JSON
    captured_at   timestamptz NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (monitor_id, page) REFERENCES monitor_pages ON DELETE CASCADE
);
ALTER TABLE monitor_snapshots ALTER COLUMN content SET STORAGE EXTERNAL, ALTER COLUMN data SET STORAGE EXTERNAL;

CREATE INDEX monitor_snapshots_of_monitor ON monitor_snapshots (monitor_id, created_at DESC, id DESC);
CREATE INDEX monitor_snapshots_of_page ON monitor_snapshots (monitor_id, page, created_at DESC, id DESC);

-- Runs that ended.
CREATE TABLE monitor_runs (
    monitor_id     text NOT NULL REFERENCES monitors ON DELETE CASCADE,
    job_id         text NOT NULL,
    started_at     timestamptz NOT NULL,
    ended_at       timestamptz NOT NULL DEFAULT now(),
    outcome        text NOT NULL,                        -- baseline, changed, unchanged or failed
    pages          integer NOT NULL,
    failed_pages   integer NOT NULL,
    changes        integer NOT NULL,
    error_code     text,
    error_message  text,
    PRIMARY KEY (monitor_id, job_id)
);

CREATE INDEX monitor_runs_ended ON monitor_runs (monitor_id, ended_at DESC, job_id DESC);

ALTER TABLE monitors ADD COLUMN started_at timestamptz;  -- when the last run began

ALTER TABLE webhook_deliveries ADD COLUMN monitor_id text;
UPDATE webhook_deliveries SET monitor_id = monitor_changes.monitor_id
FROM monitor_changes
WHERE webhook_deliveries.event = 'monitor.changed' AND monitor_changes.job_id = webhook_deliveries.job_id;
CREATE INDEX webhook_deliveries_of_monitor ON webhook_deliveries (monitor_id, created_at DESC, id DESC)
    WHERE monitor_id IS NOT NULL;
