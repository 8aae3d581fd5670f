"""The processes that extract, their limits, and what `pagemill extract` writes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from pagemill.settings.group import MEBIBYTE, ByteCount, Count, Limit, Seconds, SettingsGroup


class ExtractionSettings(SettingsGroup):
    """The processes that extract, their limits, and what `pagemill extract` writes."""

    extraction_processes: Count = Field(
        1,
        description="Extraction processes of each worker, at most. As there is a worker for each core, one is enough.",
    )
    extraction_spare_processes: Limit = Field(
        2, description="Extraction processes beyond these, for API keys of which no page is being extracted."
    )
    extraction_timeout: Seconds = Field(20.0, description="How long extraction of one page may take, in seconds.")
    extraction_memory: ByteCount = Field(
        1024 * MEBIBYTE, description="The memory that one extraction process may use, in bytes."
    )
    extraction_kills: Limit = Field(
        5,
        description="How often a page is tried again whose extraction process was killed by SIGKILL, which comes from "
        "outside: from a person, or from a kernel that is short of memory.",
    )
    extraction_idle_time: Seconds = Field(
        30.0,
        description="After so long without a page an extraction process ends, with the memory that it has gathered, in "
        "seconds. The next page starts one while it is fetched.",
    )
    bulk_part_bytes: ByteCount = Field(
        32 * MEBIBYTE, description="How many bytes of rows `pagemill extract` holds before it writes them, as a part."
    )
    bulk_part_time: Seconds = Field(
        30.0, description="After so long a part is written, however small, in seconds: what a kill can cost."
    )
    bulk_duplicate_similarity: Annotated[float, Field(gt=0, le=1)] = Field(
        0.8, description="From which share of equal shingles on a text is the near-duplicate of another (Jaccard)."
    )
