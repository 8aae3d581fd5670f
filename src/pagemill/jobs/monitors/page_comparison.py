"""Has two versions of a page compared in an extraction process: they are hostile, and it takes time."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Protocol

from pagemill.comparison.tasks import NAME
from pagemill.errors import ExtractionCrashedError, ExtractionTimeoutError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from pagemill.model import JsonObject


class Comparer(Protocol):
    """What carries out tasks of `comparison.tasks`: the scraper."""

    async def compare(self, request: JsonObject, body: bytes) -> JsonObject:
        """Carry out a task. Raises a subclass of errors.PageError."""
        ...


async def compare_page(  # noqa: PLR0913, PLR0917 - two versions, and when each was fetched
    comparer: Comparer,
    url: str,
    old: Mapping[str, bytes],
    new: Mapping[str, bytes],
    before: datetime,
    after: datetime,
    max_characters: int,
) -> JsonObject:
    """Return how two versions of a page differ; where that takes too long, without their lines aligned.

    A version is its `content` and its `data`, packed. Raises what `comparer` does.
    """
    parts = [version.get(name) for name in ("content", "data") for version in (old, new)]
    request = {
        "lengths": [None if part is None else len(part) for part in parts],
        "before": before.astimezone(UTC).date().isoformat(),
        "after": after.astimezone(UTC).date().isoformat(),
        "max_characters": max_characters,
    }
    body = b"".join(part for part in parts if part is not None)
    try:
        return await comparer.compare({"url": url, NAME: {**request, "align": True}}, body)
    except (ExtractionTimeoutError, ExtractionCrashedError):
        return await comparer.compare({"url": url, NAME: {**request, "align": False}}, body)
