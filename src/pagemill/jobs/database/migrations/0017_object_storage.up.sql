-- Bodies in object storage. A row says where its body is: in the row, or in the object with this URL, from this byte on.

ALTER TABLE pages ADD COLUMN object text;             -- what holds the bodies that are not in their rows
ALTER TABLE bodies
    ALTER COLUMN body DROP NOT NULL,
    ADD COLUMN start bigint,                          -- in the object of the page
    ADD COLUMN size bigint;

ALTER TABLE cached_pages
    ADD COLUMN object text,                           -- what begins with `raw`
    ADD COLUMN raw_size bigint;
ALTER TABLE cached_bodies
    ALTER COLUMN body DROP NOT NULL,
    ADD COLUMN object text,
    ADD COLUMN start bigint,
    ADD COLUMN size bigint;

-- One row. The id is part of the name of each object that this database refers to first, so that two databases that use
-- the same bucket delete nothing of each other. A database that is restored from a backup has an id of its own.
CREATE TABLE object_owner (
    id        text PRIMARY KEY,
    swept_at  timestamptz NOT NULL DEFAULT now()      -- when orphans were looked for
);
INSERT INTO object_owner (id) VALUES (replace(gen_random_uuid()::text, '-', ''));

-- Objects that nothing refers to any more, until they are deleted.
CREATE TABLE deleted_objects (
    url     text PRIMARY KEY,
    due_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX deleted_objects_due ON deleted_objects (due_at);

-- Whatever deletes a row also remembers its object, in the same transaction.
CREATE FUNCTION forget_object() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO deleted_objects (url)
    SELECT OLD.object FROM object_owner WHERE strpos(OLD.object, '/' || id || '/') > 0
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;

CREATE TRIGGER page_deleted AFTER DELETE ON pages FOR EACH ROW
    WHEN (OLD.object IS NOT NULL) EXECUTE FUNCTION forget_object();

-- The rows of one cached page may share an object: the last one remembers it. Two that go at the same time may both
-- leave that to the other; then the search for orphans finds the object.
CREATE FUNCTION forget_cached_object() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO deleted_objects (url)
    SELECT OLD.object FROM object_owner WHERE strpos(OLD.object, '/' || id || '/') > 0
       AND NOT EXISTS (SELECT FROM cached_pages WHERE key = OLD.key AND object = OLD.object)
       AND NOT EXISTS (SELECT FROM cached_bodies WHERE key = OLD.key AND object = OLD.object)
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;

CREATE TRIGGER cached_page_deleted AFTER DELETE ON cached_pages FOR EACH ROW
    WHEN (OLD.object IS NOT NULL) EXECUTE FUNCTION forget_cached_object();
CREATE TRIGGER cached_page_replaced AFTER UPDATE OF object ON cached_pages FOR EACH ROW
    WHEN (OLD.object IS NOT NULL AND OLD.object IS DISTINCT FROM NEW.object)
    EXECUTE FUNCTION forget_cached_object();
CREATE TRIGGER cached_body_deleted AFTER DELETE ON cached_bodies FOR EACH ROW
    WHEN (OLD.object IS NOT NULL) EXECUTE FUNCTION forget_cached_object();
CREATE TRIGGER cached_body_replaced AFTER UPDATE OF object ON cached_bodies FOR EACH ROW
    WHEN (OLD.object IS NOT NULL AND OLD.object IS DISTINCT FROM NEW.object)
    EXECUTE FUNCTION forget_cached_object();
