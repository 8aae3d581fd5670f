ALTER TABLE robots_files DROP COLUMN rules_at;
DROP INDEX pages_waiting_for_host, pages_waiting;
ALTER TABLE pages DROP COLUMN waits_for_host, DROP COLUMN has_turn;
CREATE INDEX pages_waiting ON pages (key_id, id) WHERE worker_id IS NULL AND completed_at IS NULL;
