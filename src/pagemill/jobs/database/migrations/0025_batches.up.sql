-- Batches by upload. Each is a job of the kind `bulk`, whose pages are released into the queue as it empties. Its lines
-- are copied in before there is the job: what breaks off midway leaves lines that nobody sees, and that are deleted.
CREATE TABLE batches (
    id           text PRIMARY KEY,                    -- that of its job
    key_id       text NOT NULL,
    lines        integer NOT NULL DEFAULT 0,
    created_at   timestamptz NOT NULL DEFAULT now(),  -- when the upload began
    accepted_at  timestamptz,                         -- when it was whole, and became a job; null: it is not
    deleted_at   timestamptz                          -- from when on it is taken apart, in steps
);

-- No foreign key: it would be looked up for each of a million lines. They are deleted before their batch.
CREATE TABLE batch_lines (
    batch_id  text NOT NULL,
    position  integer NOT NULL,                       -- that of its page, once it is released
    url       text NOT NULL,
    own_id    text,                                   -- what the client calls it
    options   jsonb,                                  -- of this page; null: those of the job
    PRIMARY KEY (batch_id, position)
);

-- The order in which the pages of batches ended.
CREATE TABLE batch_ends (
    batch_id  text NOT NULL,
    number    integer NOT NULL,                       -- from 1
    position  integer NOT NULL,
    PRIMARY KEY (batch_id, number)
);

ALTER TABLE pages ADD COLUMN options jsonb;           -- null: those of the job
CREATE INDEX jobs_bulk ON jobs (key_id, id) WHERE kind = 'bulk' AND completed_at IS NULL;

-- Such batches have limits of their own, and count in no other.
DROP TRIGGER job_ends ON jobs;
DROP TRIGGER job_deleted ON jobs;
DROP TRIGGER job_grows ON jobs;
CREATE TRIGGER job_ends AFTER UPDATE ON jobs FOR EACH ROW
    WHEN (OLD.completed_at IS NULL AND NEW.completed_at IS NOT NULL AND OLD.kind <> 'bulk')
    EXECUTE FUNCTION count_unended_pages();
CREATE TRIGGER job_deleted AFTER DELETE ON jobs FOR EACH ROW
    WHEN (OLD.completed_at IS NULL AND OLD.pages > 0 AND OLD.kind <> 'bulk') EXECUTE FUNCTION count_unended_pages();
CREATE TRIGGER job_grows AFTER UPDATE ON jobs FOR EACH ROW
    WHEN (OLD.completed_at IS NULL AND NEW.completed_at IS NULL AND OLD.pages <> NEW.pages AND OLD.kind <> 'bulk')
    EXECUTE FUNCTION count_added_pages();
