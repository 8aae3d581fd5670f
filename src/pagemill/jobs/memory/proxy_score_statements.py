"""The SQL of proxy scores. What a row says fades by half with each half-life; it is written down as of `updated_at`.

The formula is that of `pagemill.fetching.proxies.scores.ProxyScore`, and a test holds the two to each other.
"""

from __future__ import annotations

_FADED = "power(0.5, greatest(extract(epoch FROM now() - score.updated_at), 0)::float8 / {half_life}::float8)"

# $1: the host, $2: the proxies, $3: the half-life in seconds.
# Repeatable: it only reads.
GET_PROXY_SCORES = f"""
SELECT exit, successes * {_FADED.format(half_life="$3")} AS successes,
       failures * {_FADED.format(half_life="$3")} AS failures, seconds * {_FADED.format(half_life="$3")} AS seconds
FROM exit_scores AS score WHERE host = $1 AND exit = ANY ($2::text[])
"""

# $1: the half-life in seconds, $2: how many at most; the busiest first.
# Repeatable: it only reads.
LIST_PROXY_SCORES = f"""
SELECT host, exit, successes * {_FADED.format(half_life="$1")} AS successes,
       failures * {_FADED.format(half_life="$1")} AS failures, seconds * {_FADED.format(half_life="$1")} AS seconds,
       updated_at
FROM exit_scores AS score ORDER BY updated_at DESC, host, exit LIMIT $2
"""

_KEPT = f"""({_FADED.format(half_life="$6")} * least(1, ($7::float8 - 1)
    / greatest((score.successes + score.failures) * {_FADED.format(half_life="$6")}, 1)))"""

# $1, $2: host and proxy, $3 to $5: successes, failures and seconds to add, $6: the half-life, $7: the most they weigh.
# Not repeatable, so it is sent once: an outcome whose answer is lost may be lost, and never counts twice.
RECORD_PROXY_OUTCOME = f"""
INSERT INTO exit_scores AS score (host, exit, successes, failures, seconds) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (host, exit) DO UPDATE SET
    successes = score.successes * {_KEPT} + EXCLUDED.successes,
    failures = score.failures * {_KEPT} + EXCLUDED.failures,
    seconds = score.seconds * {_KEPT} + EXCLUDED.seconds,
    updated_at = now()
"""

# Repeatable: a repetition deletes the next ones, which are as old.
DELETE_OLD_PROXY_SCORES = """
WITH deleted AS (
    DELETE FROM exit_scores WHERE (host, exit) IN (
        SELECT host, exit FROM exit_scores WHERE updated_at < now() - $1::interval
        ORDER BY updated_at LIMIT $2 FOR UPDATE SKIP LOCKED
    ) RETURNING 1
)
SELECT count(*) AS rows FROM deleted
"""
