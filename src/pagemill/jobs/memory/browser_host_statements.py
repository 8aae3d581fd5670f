"""The SQL of hosts whose pages go to the browser first. "Repeatable:" says why each may be sent twice."""

from __future__ import annotations

# Repeatable: it sets values.
STORE_BROWSER_HOST = """
INSERT INTO browser_hosts (host, expires_at) VALUES ($1, now() + $2::interval)
ON CONFLICT (host) DO UPDATE SET expires_at = excluded.expires_at
"""
# Repeatable: what is deleted is not there to be deleted again.
DELETE_BROWSER_HOST = "DELETE FROM browser_hosts WHERE host = $1"
# Repeatable: it only reads.
LIST_BROWSER_HOSTS = """
SELECT host, extract(epoch FROM expires_at - now())::double precision AS seconds FROM browser_hosts
WHERE expires_at > now() ORDER BY expires_at DESC LIMIT $1
"""
# Repeatable: what is deleted is not there to be deleted again.
DELETE_EXPIRED_BROWSER_HOSTS = "DELETE FROM browser_hosts WHERE expires_at <= now()"
