-- Sign-ins: browsers that were given an API key, and hold a random token in its place.

CREATE TABLE sign_ins (
    hash        bytea PRIMARY KEY,                   -- of the token
    key_id      text NOT NULL REFERENCES keys ON DELETE CASCADE,
    created_at  timestamptz NOT NULL DEFAULT now(),
    expires_at  timestamptz NOT NULL                 -- when it ends, or ended
);
CREATE INDEX sign_ins_by_key ON sign_ins (key_id, created_at);
CREATE INDEX sign_ins_by_expiry ON sign_ins (expires_at);
