"""The SQL of hosts' turns and of their robots.txt. "Repeatable:" says why each may be sent twice.

A turn that was written down later than now is over: the clock was set back since. A minute is for transactions that
began before one that has ended.
"""

from __future__ import annotations

# Takes the turn of a host where it is due: returns 0 then, else the seconds until it is. Nothing is taken ahead: so
# whoever waits does not hold up the others who ask for turns. $2: seconds between two turns.
# Repeatable: a repetition waits for the turn after that, so that the host is asked a little later.
TAKE_TURN = """
WITH taken AS (
    INSERT INTO host_turns AS known (host, next_at)
    VALUES ($1, now() + make_interval(secs => $2::float8))
    ON CONFLICT (host) DO UPDATE SET
        next_at = now() + make_interval(secs => greatest($2, known.slowdown, known.latency, known.crawl_delay)),
        updated_at = now()
    WHERE known.next_at <= now() OR known.updated_at > now() + interval '1 minute'
    RETURNING host
)
SELECT CASE WHEN EXISTS (SELECT FROM taken) THEN 0
            ELSE greatest(0.001, coalesce((SELECT extract(epoch FROM next_at - now()) FROM host_turns WHERE host = $1),
                                          $2)) END::float8 AS seconds
"""

# How a host answered: $2: after how many seconds, or null; $3: whether it asked for fewer requests; $4: for how many
# seconds of peace, or null; $5: seconds between two turns, $6: the most of them.
# Repeatable: it moves averages a little further in the same direction.
RECORD_ANSWER = """
UPDATE host_turns SET
    latency = CASE WHEN $2::float8 IS NULL THEN latency ELSE least($6::float8, 0.7 * latency + 0.3 * $2) END,
    slowdown = CASE WHEN $3 THEN least($6, greatest(2 * slowdown, 4 * $5::float8, 0.5))
                    WHEN slowdown < $5 THEN 0 ELSE 0.8 * slowdown END,
    next_at = greatest(CASE WHEN updated_at <= now() + interval '1 minute' THEN next_at END,
        now() + make_interval(secs => greatest(crawl_delay,
            CASE WHEN $3 THEN least($6, greatest(2 * slowdown, 4 * $5, 0.5, coalesce($4::float8, 0))) END))),
    updated_at = now()
WHERE host = $1
"""

# Repeatable: it sets a value.
SET_CRAWL_DELAY = """
INSERT INTO host_turns (host, next_at, crawl_delay) VALUES ($1, now(), $2)
ON CONFLICT (host) DO UPDATE SET crawl_delay = excluded.crawl_delay
WHERE host_turns.crawl_delay <> excluded.crawl_delay
"""

# Repeatable: it only reads. $2, $3: for how long one that could be had is true, and one that could not; $4: the age up
# to which either is taken.
GET_ROBOTS = """
SELECT rules, reachable FROM robots_files
WHERE origin = $1 AND fetched_at > now() - greatest($4, CASE WHEN reachable THEN $2::interval ELSE $3::interval END)
"""

# Repeatable: it only reads. $2: how old rules may be at most, where the file cannot be had.
GET_STALE_ROBOTS = "SELECT rules FROM robots_files WHERE origin = $1 AND rules_at > now() - $2::interval"

# $2: what the site's answer means, $3: whether that is a robots.txt or that there is none; else $2 counts where no
# rules are known that are younger than $4. What counts from now on is returned.
# Repeatable: it sets values.
STORE_ROBOTS = """
INSERT INTO robots_files AS known (origin, rules, reachable, rules_at)
VALUES ($1, $2, $3, CASE WHEN $3 THEN now() END)
ON CONFLICT (origin) DO UPDATE SET
    rules = CASE WHEN excluded.reachable OR coalesce(known.rules_at <= now() - $4::interval, true)
                 THEN excluded.rules ELSE known.rules END,
    rules_at = CASE WHEN excluded.reachable THEN now()
                    WHEN known.rules_at > now() - $4 THEN known.rules_at END,
    reachable = excluded.reachable,
    fetched_at = now()
RETURNING rules
"""

# Repeatable: what is deleted is not there to be deleted again.
DELETE_OLD_ROBOTS = """
WITH deleted AS (
    DELETE FROM robots_files WHERE origin IN (
        SELECT origin FROM robots_files WHERE fetched_at < now() - $1::interval
        ORDER BY fetched_at LIMIT $2 FOR UPDATE SKIP LOCKED
    ) RETURNING origin
)
SELECT count(*) AS files FROM deleted
"""

# Repeatable: what is deleted is not there to be deleted again.
DELETE_OLD_TURNS = """
WITH deleted AS (
    DELETE FROM host_turns WHERE host IN (
        SELECT host FROM host_turns WHERE updated_at < now() - interval '1 day' AND next_at < now()
        ORDER BY updated_at LIMIT $1 FOR UPDATE SKIP LOCKED
    ) RETURNING host
)
SELECT count(*) AS hosts FROM deleted
"""
