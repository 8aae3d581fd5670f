"""How pages are fetched over HTTP."""

from __future__ import annotations

from pydantic import Field

from pagemill.settings.group import MEBIBYTE, ByteCount, Count, Limit, Seconds, SettingsGroup


class FetchingSettings(SettingsGroup):
    """How pages are fetched over HTTP."""

    connect_timeout: Seconds = Field(10.0, description="How long a connection may take, TLS included, in seconds.")
    fetch_timeout: Seconds = Field(30.0, description="How long one request may take with its body, in seconds.")
    max_redirects: int = Field(10, ge=0, description="The most redirects followed.")
    max_refresh_delay: Seconds = Field(
        5.0,
        description="A refresh (`<meta>` or header) that comes within so long is followed like a redirect, in seconds.",
    )
    max_body_bytes: ByteCount = Field(10 * MEBIBYTE, description="The largest body, counted after decompression.")
    fetch_attempts: Count = Field(3, description="How often a page is asked for in all when connections or 5xx fail.")
    retry_delay: Seconds = Field(0.5, description="The delay before the first retry, in seconds; it doubles.")
    max_retry_delay: Seconds = Field(
        30.0, description="The delay that it does not double beyond, in seconds; a host may ask for more."
    )
    host_concurrency: Count = Field(8, description="Requests to one host at a time, for each worker.")
    host_spare_requests: Limit = Field(
        1, description="Requests to one host beyond these, for API keys that have none under way there."
    )
    impersonate: str = Field("chrome", description="The browser whose TLS and HTTP/2 fingerprint requests carry.")
