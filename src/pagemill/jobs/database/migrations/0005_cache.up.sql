-- Pages that were fetched, to be given again; see pagemill.jobs.page_cache.

CREATE TABLE cached_pages (
    key            bytea PRIMARY KEY,         -- SHA-256 of what makes it this page: pagemill.scraping.caching
    holder         text,                      -- the worker that fetches it at the moment
    held_since     timestamptz,
    fetched_at     timestamptz,               -- or found unchanged; null until it was fetched for the first time
    final_url      text,
    status_code    integer,
    content_type   text,
    etag           text,
    last_modified  text,
    fetched_with   text,
    extractor      text,                      -- the version that made the bodies
    raw            bytea                      -- as it was fetched, compressed
);

ALTER TABLE cached_pages ALTER COLUMN raw SET STORAGE EXTERNAL;
CREATE INDEX cached_pages_age ON cached_pages (coalesce(fetched_at, held_since));

-- Values packed as in pagemill.bodies.
CREATE TABLE cached_bodies (
    key     bytea NOT NULL REFERENCES cached_pages ON DELETE CASCADE,
    format  text NOT NULL,
    body    bytea NOT NULL,
    PRIMARY KEY (key, format)
);

ALTER TABLE cached_bodies ALTER COLUMN body SET STORAGE EXTERNAL;
