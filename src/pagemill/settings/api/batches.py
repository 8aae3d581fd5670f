"""Batches by upload: how large they may be, and how they pass into the queue."""

from __future__ import annotations

from pydantic import Field

from pagemill.settings.group import MEBIBYTE, ByteCount, Count, Limit, Seconds, SettingsGroup


class BatchSettings(SettingsGroup):
    """Batches by upload: how large they may be, and how they pass into the queue."""

    batch_upload_urls: Count = Field(1_000_000, description="The most URLs in a batch by upload.")
    batch_upload_bytes: ByteCount = Field(512 * MEBIBYTE, description="The largest upload of a batch, in bytes.")
    batch_line_bytes: ByteCount = Field(64 * 1024, description="The longest line of an upload, in bytes.")
    batch_upload_timeout: Seconds = Field(
        3600.0, description="How long an upload may take to arrive, in seconds; beyond, 408."
    )
    batch_uploads: Count = Field(8, description="Uploads that an API process takes at a time; beyond, 429.")
    batch_uploads_per_key: Count = Field(2, description="The same of one key.")
    batches_per_key: Limit = Field(
        20, description="Batches by upload of one key that have not ended; beyond, 429. 0 for any number."
    )
    batch_waiting_urls_per_key: Limit = Field(
        2_000_000, description="URLs that wait in the batches of one key; beyond, 429. 0 for any number."
    )
    batch_waiting_urls: Limit = Field(
        20_000_000, description="URLs that wait in batches in all; beyond, 429. 0 for any number."
    )
    batch_queued_pages: Count = Field(
        1000, description="Pages of one batch by upload that are in the queue or worked on at a time; the rest waits."
    )
    batch_release_step: Count = Field(500, description="The most URLs of a batch that pass into the queue at once.")
    batch_poll_interval: Seconds = Field(
        0.25, description="How often a worker looks whether URLs of batches may pass into the queue, in seconds."
    )
    batch_table_memory: ByteCount = Field(
        1024 * MEBIBYTE,
        description="The memory that a process which reads or writes the Parquet of a batch may use, in bytes.",
    )
    batch_table_processes: Count = Field(
        2,
        description="Such processes of an API process at a time, and one more for a key that has none; "
        "more wait for their turn.",
    )
