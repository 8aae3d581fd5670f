-- Selectors learnt from pages that a language model read: pages of the same template then need none.

CREATE TABLE selectors (
    host         text NOT NULL,
    schema_hash  bytea NOT NULL,              -- SHA-256 of the JSON Schema of the data
    learned      jsonb NOT NULL,              -- a list, one for each template, that learnt last first
    learned_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (host, schema_hash)
);

CREATE INDEX selectors_age ON selectors (learned_at);
