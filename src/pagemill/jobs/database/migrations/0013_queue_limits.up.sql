-- How many pages are in jobs that have not ended: for each key, and with the empty key in all. Each number is the sum
-- of several parts, so that jobs that begin and end at the same time do not wait for one row. A trigger keeps them, so
-- whatever begins, ends or deletes a job counts.
ALTER TABLE jobs ADD COLUMN pages integer NOT NULL DEFAULT 0; -- of jobs that have ended before this step: 0
UPDATE jobs SET pages = (SELECT count(*) FROM pages WHERE job_id = jobs.id) WHERE completed_at IS NULL;

CREATE TABLE unended_pages (
    key_id  text NOT NULL,
    part    integer NOT NULL,
    pages   bigint NOT NULL,
    PRIMARY KEY (key_id, part)
) WITH (fillfactor = 50);

INSERT INTO unended_pages (key_id, part, pages)
SELECT counted.key_id, 0, sum(pages)
FROM jobs CROSS JOIN LATERAL (VALUES (jobs.key_id), ('')) AS counted (key_id)
WHERE completed_at IS NULL GROUP BY counted.key_id;

CREATE FUNCTION count_unended_pages() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    job jobs := CASE WHEN TG_OP = 'INSERT' THEN NEW ELSE OLD END;
    change bigint := CASE WHEN TG_OP = 'INSERT' THEN job.pages ELSE -job.pages END;
BEGIN
    INSERT INTO unended_pages AS counted (key_id, part, pages)
    VALUES (job.key_id, hashtext(job.id) & 15, change), ('', hashtext(job.id) & 15, change)
    ON CONFLICT (key_id, part) DO UPDATE SET pages = counted.pages + excluded.pages;
    RETURN NULL;
END $$;

CREATE TRIGGER job_begins AFTER INSERT ON jobs FOR EACH ROW
    WHEN (NEW.completed_at IS NULL AND NEW.pages > 0) EXECUTE FUNCTION count_unended_pages();
CREATE TRIGGER job_ends AFTER UPDATE ON jobs FOR EACH ROW
    WHEN (OLD.completed_at IS NULL AND NEW.completed_at IS NOT NULL) EXECUTE FUNCTION count_unended_pages();
CREATE TRIGGER job_deleted AFTER DELETE ON jobs FOR EACH ROW
    WHEN (OLD.completed_at IS NULL AND OLD.pages > 0) EXECUTE FUNCTION count_unended_pages();
