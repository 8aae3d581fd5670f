DROP TABLE browser_hosts;
ALTER TABLE pages DROP COLUMN fetched_with, DROP COLUMN attempts;
