-- How pages were fetched, step by step, and which hosts need the browser.

ALTER TABLE pages
    ADD COLUMN fetched_with text,              -- http or browser
    ADD COLUMN attempts     jsonb;             -- each step's way, outcome, status code, vendor and milliseconds

CREATE TABLE browser_hosts (
    host        text PRIMARY KEY,
    expires_at  timestamptz NOT NULL           -- until then its pages go to the browser first
);

CREATE INDEX browser_hosts_expiry ON browser_hosts (expires_at);
