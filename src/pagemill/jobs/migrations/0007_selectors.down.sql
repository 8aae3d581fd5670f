DROP TABLE selectors;
