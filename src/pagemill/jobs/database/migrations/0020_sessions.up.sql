-- Sessions: the cookies and the storage of a browser context, kept under a name.

CREATE TABLE sessions (
    id             text PRIMARY KEY,
    key_id         text NOT NULL REFERENCES keys ON DELETE CASCADE,
    name           text NOT NULL,
    state          bytea NOT NULL,                      -- sealed with the service's key
    website        text NOT NULL,                       -- the origin of the page that it was saved on last
    domains        text[] NOT NULL,                     -- those that have cookies in it
    origins        text[] NOT NULL,                     -- those that have local storage in it
    cookies        integer NOT NULL,
    storage_items  integer NOT NULL,
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),  -- when it was saved last
    used_at        timestamptz NOT NULL DEFAULT now(),  -- when a page began with it, or saved it, to the minute
    UNIQUE (key_id, name)
);
-- What is sealed does not get smaller.
ALTER TABLE sessions ALTER COLUMN state SET STORAGE EXTERNAL;
CREATE INDEX sessions_by_use ON sessions (used_at);
