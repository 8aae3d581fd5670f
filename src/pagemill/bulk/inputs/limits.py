"""What holds for the reading of every input."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReadingLimits:
    """The largest page, and the columns of tables."""

    largest: int
    """The most bytes of a page, counted after decompression."""
    html_column: str = "html"
    url_column: str = "url"
