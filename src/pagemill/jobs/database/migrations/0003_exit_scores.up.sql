-- What each exit did for each host; the weights stand as of `updated_at`, from where on they fade.

CREATE TABLE exit_scores (
    host        text NOT NULL,
    exit        text NOT NULL,                -- its id, which holds no credentials
    successes   double precision NOT NULL,
    failures    double precision NOT NULL,
    seconds     double precision NOT NULL,    -- of the successes, added up
    updated_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (host, exit)
);

CREATE INDEX exit_scores_updated ON exit_scores (updated_at);
