-- The numbers of the submissions that were counted last: one that is sent again counts once.

ALTER TABLE submit_windows ADD COLUMN submissions bigint[] NOT NULL DEFAULT '{}';
ALTER TABLE daily_pages ADD COLUMN submissions bigint[] NOT NULL DEFAULT '{}';
