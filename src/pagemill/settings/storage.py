"""Where the bodies of results and of cached pages are kept."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from pagemill.settings.group import Seconds, SettingsGroup

SCHEMES = ("s3", "gs", "az", "file")


class StorageSettings(SettingsGroup):
    """Where the bodies of results and of cached pages are kept."""

    bodies_url: str | None = Field(
        None,
        description="Where bodies are kept: `s3://BUCKET/PREFIX`, `gs://BUCKET/PREFIX`, `az://CONTAINER/PREFIX` or "
        "`file:///FOLDER`. Not set: in PostgreSQL.",
    )
    bodies_timeout: Seconds = Field(
        30.0,
        description="How long one request to the object storage may take, in seconds; each next try may take twice as "
        "long.",
    )
    bodies_wait: Seconds = Field(
        4.0,
        description="How long a request, or the cache, waits for an object storage that is away, in seconds. The API "
        "then answers 503; the end of a page waits for as long as it takes.",
    )
    bodies_orphan_age: Annotated[float, Field(ge=3600)] = Field(
        86400.0,
        description="How old an object that nothing refers to becomes before it is deleted, in seconds, at least an "
        "hour. They are looked for as often.",
    )

    @field_validator("bodies_url")
    @classmethod
    def _check_url(cls, url: str | None) -> str | None:
        if url is None:
            return None
        parts = urlsplit(url)
        if parts.scheme not in SCHEMES:
            raise ValueError(f"it begins with one of {', '.join(f'{scheme}://' for scheme in SCHEMES)}")
        if parts.query or parts.fragment or "@" in parts.netloc:
            raise ValueError("it has no credentials, query or fragment; credentials come from the environment")
        is_folder = parts.scheme == "file"
        if is_folder and (parts.netloc or not parts.path.strip("/")):
            raise ValueError("a folder is written file:///FOLDER, with its whole path")
        if not is_folder and not parts.netloc:
            raise ValueError(f"after {parts.scheme}:// comes the name of the bucket")
        return url.rstrip("/")
