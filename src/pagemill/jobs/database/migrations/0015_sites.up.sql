-- Maps and crawls of whole sites. Both are jobs: a map is a job of one page, a crawl has a page for each URL that was
-- released to the queue, and its frontier in `crawl_urls`.

ALTER TABLE jobs
    ADD COLUMN kind           text NOT NULL DEFAULT 'scrape',  -- scrape, map or crawl
    ADD COLUMN site           jsonb,                           -- what a map or a crawl was asked for
    ADD COLUMN urls_waiting   integer NOT NULL DEFAULT 0,      -- of a crawl: URLs that are known and not released
    ADD COLUMN pages_allowed  integer NOT NULL DEFAULT 0;      -- how many may be released in all: `pages` are so far

CREATE INDEX jobs_crawling ON jobs (created_at) WHERE kind = 'crawl' AND completed_at IS NULL;
CREATE INDEX jobs_of_key_and_kind ON jobs (key_id, kind, created_at DESC, id DESC) WHERE kind <> 'scrape';

-- One row for each URL of a crawl. It waits while it has no position, is in hand while it has no number, and has ended
-- after that.
CREATE TABLE crawl_urls (
    job_id        text NOT NULL REFERENCES jobs ON DELETE CASCADE,
    identity      bytea NOT NULL,               -- SHA-256 of what makes it this page: pagemill.sites.identity
    id            bigint GENERATED ALWAYS AS IDENTITY,
    url           text NOT NULL,
    host          text NOT NULL,
    depth         integer NOT NULL,
    parent        integer,                      -- the position of the page that named it; null: a sitemap, or the client
    priority      double precision NOT NULL,
    family        bytea,                        -- of those that may have no end: pagemill.sites.traps
    position      integer,                      -- of its page in the job
    number        integer,                      -- its place in the order of completion, from 1
    duplicate_of  integer,                      -- the position of the page that it is the same as
    PRIMARY KEY (job_id, identity)
);

CREATE INDEX crawl_urls_waiting ON crawl_urls (job_id, host, priority DESC, id) WHERE position IS NULL;
CREATE INDEX crawl_urls_in_hand ON crawl_urls (host) WHERE position IS NOT NULL AND number IS NULL;
CREATE INDEX crawl_urls_family ON crawl_urls (job_id, family) WHERE family IS NOT NULL;
CREATE UNIQUE INDEX crawl_urls_position ON crawl_urls (job_id, position) WHERE position IS NOT NULL;
CREATE UNIQUE INDEX crawl_urls_number ON crawl_urls (job_id, number) WHERE number IS NOT NULL;

CREATE TABLE crawl_hosts (
    job_id  text NOT NULL REFERENCES jobs ON DELETE CASCADE,
    host    text NOT NULL,
    PRIMARY KEY (job_id, host)
);

-- By what a page is known again: a hash of its content, and of the address that answered.
CREATE TABLE crawl_contents (
    job_id    text NOT NULL REFERENCES jobs ON DELETE CASCADE,
    content   bytea NOT NULL,
    position  integer NOT NULL,                 -- of the page that had it first
    PRIMARY KEY (job_id, content)
);

-- When each host may be asked next, for maps and crawls of all keys and workers together.
CREATE TABLE host_turns (
    host         text PRIMARY KEY,
    next_at      timestamptz NOT NULL,
    slowdown     double precision NOT NULL DEFAULT 0,  -- seconds between requests, for what the host answered lately
    latency      double precision NOT NULL DEFAULT 0,  -- seconds that it took to answer lately
    crawl_delay  double precision NOT NULL DEFAULT 0,  -- seconds that its robots.txt asks for
    updated_at   timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX host_turns_age ON host_turns (updated_at);

-- What robots.txt says to our crawler.
CREATE TABLE robots_files (
    origin      text PRIMARY KEY,
    rules       jsonb NOT NULL,
    reachable   boolean NOT NULL,               -- false: nobody could say, and all is disallowed for now
    fetched_at  timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX robots_files_age ON robots_files (fetched_at);

ALTER TABLE webhook_deliveries ADD COLUMN page_position integer; -- of the page that it tells of; null: the whole job

-- The pages of a crawl are released while it goes on, and count from then on.
CREATE FUNCTION count_added_pages() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    added bigint := NEW.pages - OLD.pages;
BEGIN
    INSERT INTO unended_pages AS counted (key_id, part, pages)
    VALUES (NEW.key_id, hashtext(NEW.id) & 15, added), ('', hashtext(NEW.id) & 15, added)
    ON CONFLICT (key_id, part) DO UPDATE SET pages = counted.pages + excluded.pages;
    RETURN NULL;
END $$;

CREATE TRIGGER job_grows AFTER UPDATE ON jobs FOR EACH ROW
    WHEN (OLD.completed_at IS NULL AND NEW.completed_at IS NULL AND OLD.pages <> NEW.pages)
    EXECUTE FUNCTION count_added_pages();
