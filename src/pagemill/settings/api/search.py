"""The search service behind `POST /v1/search`."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from pagemill.settings.group import MEBIBYTE, ByteCount, Count, Seconds, SettingsGroup


class SearchSettings(SettingsGroup):
    """The search service behind `POST /v1/search`."""

    search_service: Literal["searxng", "brave", "perplexity", "serper"] | None = Field(
        None, description="Who searches the web: `searxng`, `brave`, `perplexity` or `serper`. Not set: nobody."
    )
    search_url: str | None = Field(
        None,
        description="The address of the SearXNG instance. For another service: the address to ask in place of its own.",
    )
    search_api_key: SecretStr | None = Field(None, description="The key for that service. SearXNG needs none.")
    search_timeout: Seconds = Field(
        15.0, description="How long a search may take, in seconds, with the wait for its turn; beyond, 504."
    )
    search_concurrency: Count = Field(
        8, description="Searches at a time, for each API process; more wait, keys in turn."
    )
    search_max_results: Count = Field(20, description="The most results of one search; a larger `limit` is refused.")
    search_max_answer_bytes: ByteCount = Field(
        MEBIBYTE, description="The longest answer of the service that is read, in bytes; beyond, 502."
    )

    @field_validator("search_url")
    @classmethod
    def _is_url(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)  # its ValueError is as good
        if parts.scheme not in ("http", "https") or not parts.hostname or any(map(str.isspace, value)):
            raise ValueError("It is an http or https URL.")
        return value
