-- Workers of the version before know no such event.
DELETE FROM webhook_deliveries WHERE event = 'monitor.changed';
UPDATE webhook_endpoints SET events = array_remove(events, 'monitor.changed') WHERE 'monitor.changed' = ANY (events);
ALTER TABLE crawl_urls DROP COLUMN unchanged;
DROP TABLE monitor_changes;
DROP TABLE monitor_pages;
DROP TABLE monitors;
