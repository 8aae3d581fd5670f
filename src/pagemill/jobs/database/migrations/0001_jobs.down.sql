DROP TABLE bodies, pages, workers, jobs, keys;
DROP TYPE status;
