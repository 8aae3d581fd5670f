ALTER TABLE webhook_deliveries DROP COLUMN monitor_id;
ALTER TABLE monitors DROP COLUMN started_at;
DROP TABLE monitor_runs;
DROP TABLE monitor_snapshots;
