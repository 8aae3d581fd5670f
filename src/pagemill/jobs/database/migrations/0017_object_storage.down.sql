-- Bodies that are in object storage are lost to the version before.
DROP TRIGGER cached_body_replaced ON cached_bodies;
DROP TRIGGER cached_body_deleted ON cached_bodies;
DROP TRIGGER cached_page_replaced ON cached_pages;
DROP TRIGGER cached_page_deleted ON cached_pages;
DROP TRIGGER page_deleted ON pages;
DROP FUNCTION forget_cached_object();
DROP FUNCTION forget_object();
DROP TABLE deleted_objects;
DROP TABLE object_owner;
DELETE FROM cached_pages WHERE object IS NOT NULL;
DELETE FROM cached_bodies WHERE body IS NULL;
ALTER TABLE cached_bodies DROP COLUMN size, DROP COLUMN start, DROP COLUMN object, ALTER COLUMN body SET NOT NULL;
ALTER TABLE cached_pages DROP COLUMN raw_size, DROP COLUMN object;
DELETE FROM bodies WHERE body IS NULL;
ALTER TABLE bodies DROP COLUMN size, DROP COLUMN start, ALTER COLUMN body SET NOT NULL;
ALTER TABLE pages DROP COLUMN object;
