"""Extraction of archives and tables, by `pagemill extract`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from pagemill.settings.group import MEBIBYTE, ByteCount, Seconds, SettingsGroup


class BulkSettings(SettingsGroup):
    """Extraction of archives and tables, by `pagemill extract`."""

    bulk_part_bytes: ByteCount = Field(
        32 * MEBIBYTE, description="How many bytes of rows `pagemill extract` holds before it writes them, as a part."
    )
    bulk_part_time: Seconds = Field(
        30.0, description="After so long a part is written, however small, in seconds: what a kill can cost."
    )
    bulk_duplicate_similarity: Annotated[float, Field(gt=0, le=1)] = Field(
        0.8, description="From which share of equal shingles on a text is the near-duplicate of another (Jaccard)."
    )
