"""The SQL of hosts whose pages go to the browser first. Each statement may be sent twice."""

from __future__ import annotations

STORE_BROWSER_HOST = """
INSERT INTO browser_hosts (host, expires_at) VALUES ($1, now() + $2::interval)
ON CONFLICT (host) DO UPDATE SET expires_at = excluded.expires_at
"""
DELETE_BROWSER_HOST = "DELETE FROM browser_hosts WHERE host = $1"
LIST_BROWSER_HOSTS = """
SELECT host, extract(epoch FROM expires_at - now())::double precision AS seconds FROM browser_hosts
WHERE expires_at > now() ORDER BY expires_at DESC LIMIT $1
"""
DELETE_EXPIRED_BROWSER_HOSTS = "DELETE FROM browser_hosts WHERE expires_at <= now()"
