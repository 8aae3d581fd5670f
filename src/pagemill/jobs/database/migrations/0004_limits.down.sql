DROP INDEX jobs_of_key, jobs_of_key_unended, jobs_of_key_failed;
DROP TABLE recent_requests, submit_windows, daily_pages;
