ALTER TABLE jobs
    ADD COLUMN cancelled_at timestamptz,  -- when a client cancelled it; not what a crawl's own deadline stops
    ADD COLUMN webhook jsonb;             -- how `webhook_url` is told: of which events, and in which form
