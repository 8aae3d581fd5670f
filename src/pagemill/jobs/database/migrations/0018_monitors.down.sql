DROP TABLE monitor_changes;
DROP TABLE monitor_pages;
DROP TABLE monitors;
