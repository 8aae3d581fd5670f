DROP TABLE metrics_history;
ALTER TABLE jobs DROP COLUMN retry_of;
DROP INDEX jobs_of_key_batches;
DROP INDEX pages_failed;
DROP INDEX pages_of_host;
DROP FUNCTION url_host(text);
