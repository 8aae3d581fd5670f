"""The SQL of API keys and of what each may submit.

Each statement may be sent twice. A count that is repeated counts twice, which errs on the safe side.

"""

from __future__ import annotations

# Keys

INSERT_KEY = "INSERT INTO keys (id, name, hash) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING"
LIST_KEYS = "SELECT id, name, created_at, revoked_at FROM keys WHERE hash IS NOT NULL ORDER BY created_at, id"
REVOKE_KEY = "UPDATE keys SET revoked_at = coalesce(revoked_at, now()) WHERE id = $1 AND hash IS NOT NULL RETURNING id"
FIND_KEY = "SELECT id, hash FROM keys WHERE hash = $1 AND revoked_at IS NULL"
COUNT_KEYS = "SELECT count(*) FROM keys WHERE hash IS NOT NULL"

# Limits

# $3: how many a minute. No row is returned where that would be too many.
COUNT_SUBMIT = """
INSERT INTO submit_windows AS counted (key_id, endpoint, times) VALUES ($1, $2, ARRAY[clock_timestamp()])
ON CONFLICT (key_id, endpoint) DO UPDATE
SET times = ARRAY(SELECT moment FROM unnest(counted.times) AS moment
                  WHERE moment > clock_timestamp() - interval '1 minute') || clock_timestamp()
WHERE (SELECT count(*) FROM unnest(counted.times) AS moment
       WHERE moment > clock_timestamp() - interval '1 minute') < $3
RETURNING key_id
"""
SECONDS_UNTIL_NEXT_SUBMIT = """
SELECT extract(epoch FROM moment + interval '1 minute' - clock_timestamp())::float8 AS seconds
FROM submit_windows, unnest(times) AS moment
WHERE key_id = $1 AND endpoint = $2
ORDER BY moment DESC OFFSET $3 - 1 LIMIT 1
"""

# $2: how many pages, $3: how many a day. No row is returned where that would be too many.
COUNT_PAGES = """
INSERT INTO daily_pages AS counted (key_id, day, pages)
SELECT $1, (now() AT TIME ZONE 'UTC')::date, $2::bigint WHERE $2 <= $3
ON CONFLICT (key_id) DO UPDATE
SET day = excluded.day,
    pages = excluded.pages + CASE WHEN counted.day = excluded.day THEN counted.pages ELSE 0 END
WHERE counted.day <> excluded.day OR counted.pages + excluded.pages <= $3
RETURNING key_id
"""
SECONDS_UNTIL_MIDNIGHT = """
SELECT extract(epoch FROM date_trunc('day', now(), 'UTC') + interval '1 day' - now())::float8 AS seconds
"""
