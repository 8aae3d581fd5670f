DROP TRIGGER job_begins ON jobs;
DROP TRIGGER job_ends ON jobs;
DROP TRIGGER job_deleted ON jobs;
DROP FUNCTION count_unended_pages;
DROP TABLE unended_pages;
ALTER TABLE jobs DROP COLUMN pages;
