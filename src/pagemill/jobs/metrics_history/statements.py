"""The SQL of the history of metrics. "Repeatable:" says why each may be sent twice.

A source's sample holds what was counted since its last one, so that the sum over samples and sources is what the
service counted, and no rate is ever negative. Gauges are of one source each; the state of the queue is the same for
all.
"""

from __future__ import annotations

# Repeatable: the caller numbers its samples, and one that is there stays as it is.
STORE_SAMPLE = """
INSERT INTO metrics_history (source, number, counted, gauges, queue) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (source, number) DO NOTHING
"""

# $1: how old samples may be, $2: how many are deleted at most.
# Repeatable: a repetition deletes the next ones, which are as old.
DELETE_OLD_SAMPLES = """
WITH deleted AS (
    DELETE FROM metrics_history WHERE (source, number) IN (
        SELECT source, number FROM metrics_history WHERE taken_at < now() - $1::interval
        ORDER BY taken_at LIMIT $2 FOR UPDATE SKIP LOCKED
    ) RETURNING 1
)
SELECT count(*) AS samples FROM deleted
"""

# $1: from when on, $2: up to when, $3: how long a step is. Steps begin at $1.
# Repeatable: they only read.
SUM_COUNTED = """
SELECT date_bin($3::interval, taken_at, $1::timestamptz) AS step, key, sum(value::float8) AS value
FROM metrics_history CROSS JOIN LATERAL jsonb_each_text(counted) AS grown (key, value)
WHERE taken_at >= $1 AND taken_at < $2::timestamptz
GROUP BY 1, 2
"""
# Repeatable: it only reads.
SUM_GAUGES = """
SELECT step, key, sum(value) AS value FROM (
    SELECT date_bin($3::interval, taken_at, $1::timestamptz) AS step, source, key, avg(value::float8) AS value
    FROM metrics_history CROSS JOIN LATERAL jsonb_each_text(gauges) AS stood (key, value)
    WHERE taken_at >= $1 AND taken_at < $2::timestamptz
    GROUP BY 1, 2, 3
) AS of_source
GROUP BY 1, 2
"""
# Repeatable: it only reads.
READ_QUEUE = """
SELECT date_bin($3::interval, taken_at, $1::timestamptz) AS step, key,
       max(value::float8) AS highest, min(value::float8) AS lowest
FROM metrics_history CROSS JOIN LATERAL jsonb_each_text(queue) AS stood (key, value)
WHERE taken_at >= $1 AND taken_at < $2::timestamptz
GROUP BY 1, 2
"""
