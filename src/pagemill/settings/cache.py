"""How long fetched pages are given again."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from pagemill.settings.group import MEBIBYTE, ByteCount, SettingsGroup


class CacheSettings(SettingsGroup):
    """How long fetched pages are given again."""

    cache_time: Annotated[float, Field(ge=0)] = Field(
        86400.0, description="For how long a fetched page is given again, in seconds; 0 asks each time."
    )
    cache_retention_days: Annotated[float, Field(gt=0)] = Field(
        7.0, description="Days after which a page is deleted from the cache, counted from when it was last fetched."
    )
    cache_max_page_bytes: ByteCount = Field(2 * MEBIBYTE, description="The largest page that is kept in the cache.")
