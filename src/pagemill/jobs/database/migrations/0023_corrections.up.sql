-- Corrections: the roles that people gave to blocks of pages, and these pages.

-- The HTML of pages that were corrected, to be exported as training pages.
CREATE TABLE corrected_pages (
    key_id      text NOT NULL REFERENCES keys ON DELETE CASCADE,
    page        bytea NOT NULL,                      -- SHA-256 of its URL
    url         text NOT NULL,
    html        bytea NOT NULL,                      -- packed as in pagemill.bodies
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (key_id, page)
);
ALTER TABLE corrected_pages ALTER COLUMN html SET STORAGE EXTERNAL;

CREATE TABLE corrections (
    id          text PRIMARY KEY,                    -- of the key and what it is known by, so that it is there once
    key_id      text NOT NULL REFERENCES keys ON DELETE CASCADE,
    hosts       text[] NOT NULL,                     -- without `www.`
    template    bigint[] NOT NULL,                   -- the signature of its page's template
    path        jsonb NOT NULL,                      -- the block's element and those around it
    text        text,                                -- a digest of the block's text; null for all on the path
    role        text NOT NULL,
    instead_of  text NOT NULL,                       -- the role that it had
    sample      text NOT NULL,                       -- how the block's text begins
    url         text NOT NULL,
    page        bytea NOT NULL,                      -- SHA-256 of that URL
    created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX corrections_of_key ON corrections (key_id, created_at, id);
CREATE INDEX corrections_of_page ON corrections (key_id, page);

-- Grows with each change of a key's corrections: workers keep what they read until then.
CREATE TABLE correction_versions (
    key_id   text PRIMARY KEY REFERENCES keys ON DELETE CASCADE,
    version  bigint NOT NULL DEFAULT 1
);
