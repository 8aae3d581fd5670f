"""What the API accepts in one request."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from pagemill.settings.group import MEBIBYTE, ByteCount, Count, Seconds, SettingsGroup


class RequestSettings(SettingsGroup):
    """What the API accepts in one request."""

    max_request_bytes: ByteCount = Field(MEBIBYTE, description="The largest request body that the API reads.")
    max_batch_urls: Count = Field(100, description="The most URLs in one batch.")
    max_url_length: Count = Field(8192, description="The longest URL accepted, in characters.")
    max_schema_bytes: ByteCount = Field(64 * 1024, description="The largest `outputSchema` accepted, as compact JSON.")
    schema_check_timeout: Seconds = Field(
        2.0, description="How long an `outputSchema` may take to compile, in seconds; one that takes longer is refused."
    )
    schema_check_memory: ByteCount = Field(
        512 * MEBIBYTE, description="The memory that compiling an `outputSchema` may use, in bytes."
    )
    inline_wait: Seconds = Field(90.0, description="How long `POST …/scrape` waits before it answers 202, in seconds.")
    repeat_window: Annotated[float, Field(ge=0)] = Field(
        5.0,
        description="The same request again within so long, in seconds, is taken for one whose answer got lost, "
        "and gets the same job; 0 for never.",
    )
