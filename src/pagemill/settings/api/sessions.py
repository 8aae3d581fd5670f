"""Sessions: how many there may be, how large, how long they are kept."""

from __future__ import annotations

from pydantic import Field

from pagemill.settings.group import MEBIBYTE, ByteCount, Count, SettingsGroup


class SessionSettings(SettingsGroup):
    """Sessions: how many there may be, how large, how long they are kept."""

    sessions_per_key: Count = Field(100, description="Sessions that one key may have.")
    session_max_bytes: ByteCount = Field(
        MEBIBYTE, description="Cookies and storage that one session may hold, in bytes of JSON."
    )
    session_max_origins: Count = Field(
        20, description="Origins that a page may have opened, frames included, for its storage to be saved."
    )
    session_retention_days: Count = Field(
        30, description="Days after which a session is deleted that no page used, or saved."
    )
