"""How webhooks are delivered."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import NoDecode

from pagemill.settings.group import ByteCount, Count, Seconds, SettingsGroup, comma_separated


class WebhookSettings(SettingsGroup):
    """How webhooks are delivered."""

    webhook_timeout: Seconds = Field(10.0, description="How long a receiver may take to answer, in seconds.")
    webhook_retry_delays: Annotated[tuple[Seconds, ...], NoDecode] = Field(
        (60.0, 300.0, 1800.0, 7200.0, 43200.0),
        description="The times between the attempts of a delivery, in seconds, separated by commas.",
    )
    webhook_concurrency: Count = Field(32, description="Deliveries that one worker has in hand at a time.")
    webhook_receiver_concurrency: Count = Field(4, description="Deliveries to one receiver at a time, for each worker.")

    webhook_max_page_bytes: ByteCount = Field(
        1024 * 1024,
        description="How large the contents of a page may be that a webhook of Firecrawl's API carries, in bytes; "
        "beyond, it comes without them.",
    )

    @field_validator("webhook_retry_delays", mode="before")
    @classmethod
    def _split_delays(cls, value: object) -> object:
        return tuple(comma_separated(value)) if isinstance(value, str) else value
