DROP TRIGGER job_ends ON jobs;
DROP TRIGGER job_deleted ON jobs;
DROP TRIGGER job_grows ON jobs;
DELETE FROM jobs WHERE kind = 'bulk';
CREATE TRIGGER job_ends AFTER UPDATE ON jobs FOR EACH ROW
    WHEN (OLD.completed_at IS NULL AND NEW.completed_at IS NOT NULL) EXECUTE FUNCTION count_unended_pages();
CREATE TRIGGER job_deleted AFTER DELETE ON jobs FOR EACH ROW
    WHEN (OLD.completed_at IS NULL AND OLD.pages > 0) EXECUTE FUNCTION count_unended_pages();
CREATE TRIGGER job_grows AFTER UPDATE ON jobs FOR EACH ROW
    WHEN (OLD.completed_at IS NULL AND NEW.completed_at IS NULL AND OLD.pages <> NEW.pages)
    EXECUTE FUNCTION count_added_pages();
DROP INDEX jobs_bulk;
ALTER TABLE pages DROP COLUMN options;
DROP TABLE batch_ends;
DROP TABLE batch_lines;
DROP TABLE batches;
