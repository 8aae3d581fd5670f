DROP TRIGGER job_grows ON jobs;
DROP FUNCTION count_added_pages;
ALTER TABLE webhook_deliveries DROP COLUMN page_position;
DROP TABLE robots_files;
DROP TABLE host_turns;
DROP TABLE crawl_contents;
DROP TABLE crawl_hosts;
DROP TABLE crawl_urls;
DELETE FROM jobs WHERE kind <> 'scrape';
DROP INDEX jobs_of_key_and_kind;
DROP INDEX jobs_crawling;
ALTER TABLE jobs
    DROP COLUMN kind,
    DROP COLUMN site,
    DROP COLUMN urls_waiting,
    DROP COLUMN pages_allowed;
