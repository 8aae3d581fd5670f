"""The SQL statements of webhooks, but for the one that queues deliveries: that is part of a job's
end, in `jobs.queue.statements`.

Invariants that they keep:

- A job's deliveries appear in the very statement that ends the job: all or none.
- A body, once stored, never changes.
- An attempt is written down only by the worker that took the delivery last (`worker_id` and `claims` are checked).
  One that took it and vanished is waited for until its lease ends; then others take it.
- Each may be sent twice, at once or late; what makes that safe stands above each, after "Repeatable:".
"""

from __future__ import annotations

# Endpoints

_ENDPOINT_COLUMNS = "id, key_id, url, description, events, is_active, secret_salt, secret_hash, created_at"

# Repeatable: the caller made the id, and the row that is there is returned.
INSERT_ENDPOINT = f"""
INSERT INTO webhook_endpoints (id, key_id, url, description, events, secret_salt, secret_hash, is_active)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (id) DO UPDATE SET id = excluded.id
RETURNING {_ENDPOINT_COLUMNS}
"""
# Repeatable: it only reads.
LIST_ENDPOINTS = f"SELECT {_ENDPOINT_COLUMNS} FROM webhook_endpoints WHERE key_id = $1 ORDER BY created_at, id"
# Repeatable: it only reads.
GET_ENDPOINT = f"SELECT {_ENDPOINT_COLUMNS} FROM webhook_endpoints WHERE id = $1 AND key_id = $2"

# Null leaves a column as it is. What still waits follows to a new address.
# Repeatable: it sets values, and returns the row whether or not that changed it.
UPDATE_ENDPOINT = f"""
WITH endpoint AS (
    UPDATE webhook_endpoints
    SET url = coalesce($3, url), description = coalesce($4, description), events = coalesce($5, events),
        is_active = coalesce($6, is_active)
    WHERE id = $1 AND key_id = $2
    RETURNING {_ENDPOINT_COLUMNS}
), moved AS (
    UPDATE webhook_deliveries SET url = $3
    FROM endpoint
    WHERE webhook_deliveries.endpoint_id = endpoint.id AND next_attempt_at IS NOT NULL AND $3::text IS NOT NULL
)
SELECT * FROM endpoint
"""

# Repeatable: whoever asks whether there was one asks GET_ENDPOINT before.
DELETE_ENDPOINT = """
WITH endpoint AS (
    DELETE FROM webhook_endpoints WHERE id = $1 AND key_id = $2 RETURNING id
), delivery AS (
    DELETE FROM webhook_deliveries USING endpoint WHERE endpoint_id = endpoint.id
)
SELECT id FROM endpoint
"""

# Secrets

# Repeatable: the secret that is there stays, and is returned.
ENSURE_ACCOUNT_SECRET = """
INSERT INTO webhook_account_secrets (key_id, secret_salt, secret_hash) VALUES ($1, $2, $3)
ON CONFLICT (key_id) DO UPDATE SET key_id = excluded.key_id
RETURNING secret_salt, secret_hash
"""
# Repeatable: it sets values that the caller made.
REPLACE_ACCOUNT_SECRET = """
INSERT INTO webhook_account_secrets (key_id, secret_salt, secret_hash) VALUES ($1, $2, $3)
ON CONFLICT (key_id) DO UPDATE SET secret_salt = excluded.secret_salt, secret_hash = excluded.secret_hash
"""
# Repeatable: it only reads.
GET_ENDPOINT_SECRET = "SELECT secret_salt, secret_hash, is_active FROM webhook_endpoints WHERE id = $1"

# Deliveries, for those who ask

_DELIVERY_COLUMNS = (
    "id, endpoint_id, job_id, event, url, status, http_status, attempts, error, next_attempt_at, created_at, monitor_id"
)

# Repeatable: it only reads.
LIST_DELIVERIES = f"""
SELECT {_DELIVERY_COLUMNS} FROM webhook_deliveries
WHERE key_id = $1 AND ($2::text IS NULL OR endpoint_id = $2) AND ($3::text IS NULL OR event = $3)
  AND ($4::delivery_status IS NULL OR status = $4) AND ($5::text IS NULL OR job_id = $5)
ORDER BY created_at DESC, id DESC LIMIT $6
"""
# Repeatable: it only reads.
GET_DELIVERY = f"SELECT {_DELIVERY_COLUMNS} FROM webhook_deliveries WHERE id = $1 AND key_id = $2"

# Repeatable: the caller made the id, and an id that is there is not inserted again.
INSERT_TEST_DELIVERY = """
WITH delivery AS (
    INSERT INTO webhook_deliveries (id, key_id, endpoint_id, event, url)
    SELECT $1, key_id, id, $4, url FROM webhook_endpoints WHERE id = $2 AND key_id = $3
    ON CONFLICT (id) DO NOTHING
    RETURNING id
)
SELECT id, pg_notify('pagemill_queue', 'deliveries') FROM delivery
"""

# Repeatable: the caller made the id, and an id that is there is not inserted again.
INSERT_TEST_ALERT = """
WITH delivery AS (
    INSERT INTO webhook_deliveries (id, key_id, event, url, monitor_id) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (id) DO NOTHING
    RETURNING id
)
SELECT id, pg_notify('pagemill_queue', 'deliveries') FROM delivery
"""

# $1: the key, $2: the monitor, $3: only those older than the one of this id, or null.
# Repeatable: it only reads.
LIST_ALERTS = f"""
SELECT {_DELIVERY_COLUMNS} FROM webhook_deliveries
WHERE key_id = $1 AND monitor_id = $2
  AND ($3::text IS NULL
       OR (created_at, id) < (SELECT created_at, id FROM webhook_deliveries WHERE id = $3 AND key_id = $1))
ORDER BY created_at DESC, id DESC LIMIT $4
"""

# Repeatable: it only reads.
GET_CLAIMS = "SELECT claims FROM webhook_deliveries WHERE id = $1 AND key_id = $2"

# One that a worker is sending at this moment stays as it is. $3: its `claims` when it was asked for.
# Repeatable: once a worker took it, `claims` has grown, and a late sending does not make it be sent once more.
RESEND_DELIVERY = f"""
WITH again AS (
    UPDATE webhook_deliveries SET status = 'pending', next_attempt_at = now()
    WHERE id = $1 AND key_id = $2 AND claims = $3 AND (worker_id IS NULL OR next_attempt_at < now())
    RETURNING {_DELIVERY_COLUMNS}
), found AS (
    SELECT * FROM again
    UNION ALL
    SELECT {_DELIVERY_COLUMNS} FROM webhook_deliveries
    WHERE id = $1 AND key_id = $2 AND NOT EXISTS (SELECT FROM again)
)
SELECT found.*, pg_notify('pagemill_queue', 'deliveries') FROM found
"""

# Deliveries, for workers

# Receivers are served in turn, and none gets more than $3 at a time from one worker: so a slow or dead one delays
# nobody else. $1: the worker, $2: how many, $3: at a time for each receiver, $4: the lease. A delivery whose lease has
# run out takes no place.
# Repeatable: a repetition takes other deliveries. The worker never learns of the first ones: RECONCILE_DELIVERIES puts
# them back, or their lease ends.
CLAIM_DELIVERIES = """
WITH RECURSIVE waiting_receiver AS (
    (SELECT receiver FROM webhook_deliveries WHERE next_attempt_at IS NOT NULL ORDER BY receiver LIMIT 1)
    UNION ALL
    SELECT (SELECT receiver FROM webhook_deliveries
            WHERE next_attempt_at IS NOT NULL AND receiver > waiting_receiver.receiver
            ORDER BY receiver LIMIT 1)
    FROM waiting_receiver WHERE waiting_receiver.receiver IS NOT NULL
), held AS (
    SELECT receiver, count(*) AS deliveries FROM webhook_deliveries
    WHERE worker_id = $1 AND next_attempt_at > now() GROUP BY receiver
), due AS (
    SELECT delivery.id,
           coalesce(held.deliveries, 0)
               + row_number() OVER (PARTITION BY waiting_receiver.receiver ORDER BY delivery.next_attempt_at) AS turn
    FROM waiting_receiver
    CROSS JOIN LATERAL (
        SELECT id, next_attempt_at FROM webhook_deliveries
        WHERE receiver = waiting_receiver.receiver AND next_attempt_at <= now()
        ORDER BY next_attempt_at LIMIT $3 FOR UPDATE SKIP LOCKED
    ) AS delivery
    LEFT JOIN held ON held.receiver = waiting_receiver.receiver
), chosen AS (
    SELECT id FROM due WHERE turn <= $3 ORDER BY turn LIMIT $2
)
UPDATE webhook_deliveries
SET worker_id = $1, claims = claims + 1, next_attempt_at = now() + $4::interval
FROM chosen WHERE webhook_deliveries.id = chosen.id
RETURNING webhook_deliveries.id, key_id, endpoint_id, job_id, event, url, body, attempts, claims, created_at,
          page_position,
          (SELECT trace_context FROM jobs WHERE jobs.id = webhook_deliveries.job_id) AS trace_context,
          endpoint_id IS NULL
              AND coalesce((SELECT webhook IS NOT NULL FROM jobs WHERE jobs.id = webhook_deliveries.job_id), false)
              AS firecrawl,
          CASE WHEN endpoint_id IS NULL
               THEN (SELECT webhook ->> 'sealed_headers' FROM jobs WHERE jobs.id = webhook_deliveries.job_id) END
              AS sealed_headers
"""

# Whoever was first decides what is sent.
# Repeatable: a body that is stored stays, and is returned.
STORE_BODY = "UPDATE webhook_deliveries SET body = coalesce(body, $2) WHERE id = $1 RETURNING body"

# $7: after how long to try again, or null.
# Repeatable: an attempt that ended has no worker any more, so only the first sending counts it.
END_ATTEMPT = """
WITH attempted AS (
    UPDATE webhook_deliveries
    SET status = $4, http_status = $5, error = $6, attempts = attempts + 1, worker_id = NULL,
        next_attempt_at = now() + $7::interval
    WHERE id = $1 AND worker_id = $2 AND claims = $3
    RETURNING id
)
SELECT id, pg_notify('pagemill_ended', id) FROM attempted
"""

# A worker's deliveries are due at once, but for those that it holds. $1: the worker, $2, $3: ids and claims of those.
# Repeatable: what was put back is not the worker's any more. One that arrives late may put back what the worker claimed
# since: `claims` then keeps two from writing down how it went, and the receiver knows the message by its id.
RECONCILE_DELIVERIES = """
WITH released AS (
    UPDATE webhook_deliveries SET worker_id = NULL, next_attempt_at = now()
    WHERE worker_id = $1
      AND NOT EXISTS (SELECT FROM unnest($2::text[], $3::integer[]) AS held (id, claims)
                      WHERE held.id = webhook_deliveries.id AND held.claims = webhook_deliveries.claims)
    RETURNING id
), notice AS (
    SELECT pg_notify('pagemill_queue', 'deliveries') FROM released LIMIT 1
)
SELECT (SELECT count(*) FROM released) AS deliveries, (SELECT count(*) FROM notice) AS notices
"""

# Where the clock was set back, what was due soon is due in hours. Whatever waits for longer than it may ($2), or was
# made later than now, is due at once; what a worker has in hand, after its lease ($1).
# Repeatable: what is due waits no longer.
BRING_FORWARD_DELIVERIES = """
WITH brought AS (
    UPDATE webhook_deliveries
    SET next_attempt_at = now() + CASE WHEN worker_id IS NULL THEN interval '0' ELSE $1::interval END
    WHERE next_attempt_at > now() + $2::interval
       OR (next_attempt_at > now() + $1::interval AND created_at > now())
    RETURNING id
)
SELECT count(*) AS deliveries FROM brought
"""

# Repeatable: a repetition deletes the next ones, which are as old.
DELETE_OLD_DELIVERIES = """
WITH deleted AS (
    DELETE FROM webhook_deliveries WHERE id IN (
        SELECT id FROM webhook_deliveries
        WHERE created_at < now() - $1::interval AND next_attempt_at IS NULL
        ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED
    ) RETURNING id
)
SELECT count(*) AS deliveries FROM deleted
"""
