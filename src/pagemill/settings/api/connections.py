"""What one connection to the API may cost, before anyone knows who sends it."""

from __future__ import annotations

from pydantic import Field

from pagemill.settings.group import ByteCount, Count, Limit, Seconds, SettingsGroup


class ConnectionSettings(SettingsGroup):
    """What one connection to the API may cost, before anyone knows who sends it."""

    max_connections: Count = Field(
        4096,
        description="Connections that the API keeps open. Beyond, the oldest idle one is closed; if none is idle, the "
        "new one gets 503. Never more than the process's limit of open files allows.",
    )
    max_connections_per_address: Count = Field(
        2048, description="The same for each client address; IPv6 addresses count by their /64 network."
    )
    max_request_head_bytes: ByteCount = Field(
        32768, description="The largest request line with headers, and the largest trailers, in bytes; beyond, 431."
    )
    max_request_headers: Count = Field(100, description="The most headers in one request; beyond, 431.")
    max_pipelined_requests: Limit = Field(
        8,
        description="Requests that a connection may send ahead, while an earlier one is being answered. Later ones are "
        "not read; the connection closes after the answers.",
    )
    request_head_timeout: Seconds = Field(
        10.0, description="How long a request's line and headers may take to arrive, in seconds; beyond, 408."
    )
    request_body_timeout: Seconds = Field(
        60.0, description="How long a request's body may take to arrive, in seconds; beyond, 408."
    )
    send_timeout: Seconds = Field(
        60.0,
        description="How long a client may read nothing of an answer before its connection is closed, in seconds.",
    )
    drain_time: Seconds = Field(
        0.5,
        description="How long the API, when it stops, keeps idle connections open for requests that are on their way, "
        "in seconds.",
    )
