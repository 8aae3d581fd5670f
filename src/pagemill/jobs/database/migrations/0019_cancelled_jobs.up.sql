-- When a client cancelled a job that had not ended. What a crawl's own deadline stops is not cancelled.

ALTER TABLE jobs ADD COLUMN cancelled_at timestamptz;
