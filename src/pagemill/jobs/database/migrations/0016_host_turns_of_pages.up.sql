-- A page of a map or a crawl whose host may not be asked yet waits outside the queue, and holds no worker's slot.
ALTER TABLE pages
    ADD COLUMN waits_for_host text,                       -- not in the queue until a turn of that host is taken for it
    ADD COLUMN has_turn boolean NOT NULL DEFAULT false;   -- a turn of its host was taken for it

DROP INDEX pages_waiting;
CREATE INDEX pages_waiting ON pages (key_id, id)
    WHERE worker_id IS NULL AND completed_at IS NULL AND waits_for_host IS NULL;
CREATE INDEX pages_waiting_for_host ON pages (waits_for_host, key_id, id)
    WHERE waits_for_host IS NOT NULL AND completed_at IS NULL;

-- When the site itself said what is in `rules`: a robots.txt that cannot be had since then does not change them.
ALTER TABLE robots_files ADD COLUMN rules_at timestamptz; -- null: it never did
UPDATE robots_files SET rules_at = fetched_at WHERE reachable;
