ALTER TABLE submit_windows DROP COLUMN submissions;
ALTER TABLE daily_pages DROP COLUMN submissions;
