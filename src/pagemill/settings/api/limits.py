"""How much one API key may ask for."""

from __future__ import annotations

from pydantic import Field

from pagemill.settings.group import Count, Limit, SettingsGroup


class LimitSettings(SettingsGroup):
    """How much one API key may ask for."""

    submits_per_minute: Limit = Field(
        0, description="Submissions a minute, for each key and endpoint; 0 for any number."
    )
    pages_in_flight: Limit = Field(0, description="Pages of one key that are worked on at a time; 0 for any number.")
    pages_per_day: Limit = Field(0, description="Pages that one key may submit on a day, in UTC; 0 for any number.")
    queued_pages_per_key: Limit = Field(
        100_000, description="Pages of one key in jobs that have not ended; beyond, 429. 0 for any number."
    )
    queued_pages: Limit = Field(
        1_000_000, description="Pages of all keys in jobs that have not ended; beyond, 429. 0 for any number."
    )
    max_downloads: Count = Field(
        32,
        description="Results of one key that are being sent at a time by an API process, and as many pages of its "
        "streams; more wait for their turn.",
    )
    max_streams: Count = Field(
        100,
        description="Streams of crawls, and WebSockets that watch a job, that one key has open at a time at an API "
        "process; more wait for their turn.",
    )
