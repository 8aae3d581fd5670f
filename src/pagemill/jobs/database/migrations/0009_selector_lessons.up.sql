-- Who has the first page of its kind teach at the moment, while others wait for what is learnt; see
-- pagemill.jobs.learned_selectors.

CREATE TABLE selector_lessons (
    host         text NOT NULL,
    schema_hash  bytea NOT NULL,
    holder       text NOT NULL,               -- the worker
    held_since   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (host, schema_hash)
);
