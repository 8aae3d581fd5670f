"""The SQL of API keys, of browsers that are signed in with one, and of what each key may submit.

Each statement may be sent twice; what makes that safe stands above each, after "Repeatable:".
"""

from __future__ import annotations

# Keys

# Repeatable: the caller made the id, and an id that is there is not inserted again.
INSERT_KEY = "INSERT INTO keys (id, name, hash, operator) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING"
# Repeatable: it only reads.
LIST_KEYS = """
SELECT id, name, created_at, revoked_at, operator FROM keys WHERE hash IS NOT NULL ORDER BY created_at, id
"""
# The key's sessions and sign-ins go with it. A session that is being saved just now goes by DELETE_UNUSED_SESSIONS, and
# a sign-in that begins just now is none: FIND_SIGN_IN asks for the key.
# Repeatable: the time of the first revocation stays, and the id is returned again.
REVOKE_KEY = """
WITH revoked AS (
    UPDATE keys SET revoked_at = coalesce(revoked_at, now()) WHERE id = $1 AND hash IS NOT NULL RETURNING id
), deleted AS (
    DELETE FROM sessions WHERE key_id IN (SELECT id FROM revoked)
), signed_out AS (
    DELETE FROM sign_ins WHERE key_id IN (SELECT id FROM revoked)
)
SELECT id FROM revoked
"""
# Repeatable: it only reads.
FIND_KEY = "SELECT id, hash, operator FROM keys WHERE hash = $1 AND revoked_at IS NULL"
# Repeatable: it only reads.
COUNT_KEYS = "SELECT count(*) FROM keys WHERE hash IS NOT NULL"

# What keys use. $1: the one key, or null for all; $2: only those made before the key of this id, or null; $3: how many
# keys, $4: how many jobs of each are counted.
# Repeatable: it only reads.
LIST_USAGE = """
SELECT shown.id, shown.name, shown.created_at, shown.revoked_at, shown.operator,
       (SELECT coalesce(sum(pages), 0) FROM unended_pages WHERE key_id = shown.id)::bigint AS waiting_pages,
       of_day.jobs AS jobs_of_day, of_day.pages AS pages_of_day,
       (SELECT pages FROM daily_pages
        WHERE key_id = shown.id AND day = (now() AT TIME ZONE 'UTC')::date) AS counted_pages_today,
       (SELECT coalesce(max((SELECT count(*) FROM unnest(times) AS moment
                             WHERE moment > now() - interval '1 minute')), 0)
        FROM submit_windows WHERE key_id = shown.id) AS submits_of_minute,
       (SELECT created_at FROM jobs WHERE key_id = shown.id
        ORDER BY created_at DESC, id DESC LIMIT 1) AS last_submitted_at
FROM (
    SELECT id, name, created_at, revoked_at, operator FROM keys
    WHERE CASE WHEN $1::text IS NULL THEN hash IS NOT NULL ELSE id = $1 END
      AND ($2::text IS NULL OR (created_at, id) < (SELECT created_at, id FROM keys WHERE id = $2))
    ORDER BY created_at DESC, id DESC LIMIT $3
) AS shown
CROSS JOIN LATERAL (
    SELECT count(*) AS jobs, coalesce(sum(pages), 0)::bigint AS pages FROM (
        SELECT pages FROM jobs WHERE key_id = shown.id AND created_at > now() - interval '1 day'
        ORDER BY created_at DESC, id DESC LIMIT $4
    ) AS job
) AS of_day
ORDER BY shown.created_at DESC, shown.id DESC
"""

# Sign-ins. One that ended stays for an hour: a BEGIN_SIGN_IN that arrives late does not begin it again.

# $1: the hash of its token, $2: the key, $3: how long it lasts, $4: how many a key may have. No row is returned where
# the key was revoked.
# Repeatable: the caller made the token, and one that is there is not begun again.
BEGIN_SIGN_IN = """
WITH surplus AS (
    UPDATE sign_ins SET expires_at = least(expires_at, now())
    WHERE hash IN (SELECT hash FROM sign_ins WHERE key_id = $2 AND hash <> $1 AND expires_at > now()
                   ORDER BY created_at DESC OFFSET $4::bigint - 1)
), begun AS (
    INSERT INTO sign_ins (hash, key_id, expires_at)
    SELECT $1, id, now() + $3::interval FROM keys WHERE id = $2 AND revoked_at IS NULL
    ON CONFLICT (hash) DO NOTHING
)
SELECT id FROM keys WHERE id = $2 AND revoked_at IS NULL
"""
# Repeatable: it only reads.
FIND_SIGN_IN = """
SELECT keys.id, keys.operator FROM sign_ins JOIN keys ON keys.id = sign_ins.key_id
WHERE sign_ins.hash = $1 AND sign_ins.expires_at > now() AND keys.revoked_at IS NULL
"""
# Repeatable: the time of the first end stays.
END_SIGN_IN = "UPDATE sign_ins SET expires_at = now() WHERE hash = $1 AND expires_at > now()"
# Those that ended an hour ago, and those of keys that were revoked as they began; at most $1 of each.
# Repeatable: a repetition deletes the next ones, which ended as long ago.
DELETE_EXPIRED_SIGN_INS = """
WITH deleted AS (
    DELETE FROM sign_ins WHERE hash IN (
        (SELECT hash FROM sign_ins WHERE expires_at < now() - interval '1 hour' ORDER BY expires_at LIMIT $1)
        UNION ALL
        (SELECT sign_ins.hash FROM keys JOIN sign_ins ON sign_ins.key_id = keys.id
         WHERE keys.revoked_at IS NOT NULL LIMIT $1)
    ) RETURNING hash
)
SELECT count(*) AS sign_ins FROM deleted
"""

# Limits. A submission has a number that the caller made; the last 256 that were counted are kept with the count.

# $1, $2: key and endpoint, $3: how many a minute, $4: the submission. No row is returned where that would be too many.
# Repeatable: a submission that was counted is let in again, and not counted again.
COUNT_SUBMIT = """
INSERT INTO submit_windows AS counted (key_id, endpoint, times, submissions)
VALUES ($1, $2, ARRAY[clock_timestamp()], ARRAY[$4::bigint])
ON CONFLICT (key_id, endpoint) DO UPDATE
SET times = CASE WHEN $4 = ANY (counted.submissions) THEN counted.times
                 ELSE ARRAY(SELECT moment FROM unnest(counted.times) AS moment
                            WHERE moment > clock_timestamp() - interval '1 minute') || clock_timestamp() END,
    submissions = CASE WHEN $4 = ANY (counted.submissions) THEN counted.submissions
                       ELSE $4::bigint || counted.submissions[:255] END
WHERE $4 = ANY (counted.submissions)
   OR (SELECT count(*) FROM unnest(counted.times) AS moment
       WHERE moment > clock_timestamp() - interval '1 minute') < $3
RETURNING key_id
"""
# Repeatable: it only reads.
SECONDS_UNTIL_NEXT_SUBMIT = """
SELECT extract(epoch FROM moment + interval '1 minute' - clock_timestamp())::float8 AS seconds
FROM submit_windows, unnest(times) AS moment
WHERE key_id = $1 AND endpoint = $2
ORDER BY moment DESC OFFSET $3 - 1 LIMIT 1
"""

# $1: the key, $2: how many pages, $3: how many a day, $4: the submission. No row is returned where that would be too
# many.
# Repeatable: as COUNT_SUBMIT.
COUNT_PAGES = """
INSERT INTO daily_pages AS counted (key_id, day, pages, submissions)
SELECT $1, (now() AT TIME ZONE 'UTC')::date, $2::bigint, ARRAY[$4::bigint] WHERE $2 <= $3
ON CONFLICT (key_id) DO UPDATE
SET day = CASE WHEN $4 = ANY (counted.submissions) THEN counted.day ELSE excluded.day END,
    pages = CASE WHEN $4 = ANY (counted.submissions) THEN counted.pages
                 WHEN counted.day = excluded.day THEN counted.pages + excluded.pages
                 ELSE excluded.pages END,
    submissions = CASE WHEN $4 = ANY (counted.submissions) THEN counted.submissions
                       ELSE $4::bigint || counted.submissions[:255] END
WHERE $4 = ANY (counted.submissions) OR counted.day <> excluded.day OR counted.pages + excluded.pages <= $3
RETURNING key_id
"""
# Repeatable: it only reads.
SECONDS_UNTIL_MIDNIGHT = """
SELECT extract(epoch FROM date_trunc('day', now(), 'UTC') + interval '1 day' - now())::float8 AS seconds
"""
