"""The SQL of what was learnt of hosts, from all tables that know any. "Repeatable:" says why each may be sent twice."""

from __future__ import annotations

# Hosts by name. $1: those after this one, $2: those whose names begin so, $3: how many. Each table gives its next ones;
# an origin of robots.txt is in the order of its host among those of its scheme.
# Repeatable: it only reads.
LIST_HOSTS = """
WITH named AS (
    (SELECT host FROM host_turns WHERE host > $1 AND starts_with(host, $2) ORDER BY host LIMIT $3)
    UNION
    (SELECT host FROM browser_hosts
     WHERE host > $1 AND starts_with(host, $2) AND expires_at > now() ORDER BY host LIMIT $3)
    UNION
    (SELECT DISTINCT host FROM selectors WHERE host > $1 AND starts_with(host, $2) ORDER BY host LIMIT $3)
    UNION
    (SELECT DISTINCT host FROM exit_scores WHERE host > $1 AND starts_with(host, $2) ORDER BY host LIMIT $3)
    UNION
    (SELECT substring(origin FROM 8) FROM robots_files
     WHERE origin > 'http://' || $1 AND starts_with(origin, 'http://' || $2) ORDER BY origin LIMIT $3)
    UNION
    (SELECT substring(origin FROM 9) FROM robots_files
     WHERE origin > 'https://' || $1 AND starts_with(origin, 'https://' || $2) ORDER BY origin LIMIT $3)
), shown AS (
    SELECT host FROM named ORDER BY host LIMIT $3
)
SELECT shown.host, turn.slowdown, turn.latency, turn.crawl_delay,
       (SELECT expires_at FROM browser_hosts WHERE host = shown.host AND expires_at > now()) AS browser_until,
       (SELECT count(*) FROM (SELECT FROM selectors WHERE host = shown.host LIMIT 1000) AS found) AS selectors,
       (SELECT max(learned_at) FROM selectors WHERE host = shown.host) AS learned_at,
       (SELECT count(*) FROM (SELECT FROM exit_scores WHERE host = shown.host LIMIT 1000) AS found) AS proxies,
       robots.fetched_at AS robots_at, robots.reachable AS robots_reachable
FROM shown
LEFT JOIN host_turns AS turn ON turn.host = shown.host
LEFT JOIN LATERAL (
    SELECT fetched_at, reachable FROM robots_files
    WHERE origin IN ('https://' || shown.host, 'http://' || shown.host) ORDER BY fetched_at DESC LIMIT 1
) AS robots ON true
ORDER BY shown.host
"""

# What was learnt of a host goes. It is asked no sooner than it would have been: a turn that is not due yet stays.
# Repeatable: what is deleted is not there to be deleted again.
FORGET_HOST = """
WITH turn AS (
    DELETE FROM host_turns WHERE host = $1 AND next_at <= now() RETURNING host
), turn_kept AS (
    UPDATE host_turns SET slowdown = 0, latency = 0, crawl_delay = 0 WHERE host = $1 AND next_at > now() RETURNING host
), browser AS (
    DELETE FROM browser_hosts WHERE host = $1 RETURNING host
), selector AS (
    DELETE FROM selectors WHERE host = $1 RETURNING host
), score AS (
    DELETE FROM exit_scores WHERE host = $1 RETURNING host
), robots AS (
    DELETE FROM robots_files WHERE origin IN ('https://' || $1, 'http://' || $1) RETURNING origin
)
SELECT (SELECT count(*) FROM turn) + (SELECT count(*) FROM turn_kept) + (SELECT count(*) FROM browser)
       + (SELECT count(*) FROM selector) + (SELECT count(*) FROM score) + (SELECT count(*) FROM robots) AS rows
"""
