-- Workers of the version before would tell of each page of a batch as of one of a crawl.
DELETE FROM webhook_deliveries USING jobs
WHERE jobs.id = webhook_deliveries.job_id AND jobs.webhook IS NOT NULL AND next_attempt_at IS NOT NULL;
ALTER TABLE jobs DROP COLUMN cancelled_at, DROP COLUMN webhook;
