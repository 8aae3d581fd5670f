"""Where the data is kept, and how long is waited for the database."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from pagemill.settings.group import MEBIBYTE, ByteCount, Count, Seconds, SettingsGroup, default_data_dir


class DatabaseSettings(SettingsGroup):
    """Where the data is kept, and how long is waited for the database."""

    data_dir: Path = Field(
        default_factory=default_data_dir, description="Where the embedded database and the first API key are kept."
    )
    database_url: str | None = Field(
        None, description="A PostgreSQL URL. Not set: an embedded server is started in the data folder."
    )
    min_free_disk: ByteCount = Field(
        2048 * MEBIBYTE,
        description="Free space on the data folder's disk, in bytes, below which `pagemill doctor` warns; below a "
        "tenth of it the check fails.",
    )
    database_connections: Count = Field(5, description="Database connections of each process, at most.")
    database_idle_time: Seconds = Field(
        20.0,
        description="After so long without a statement a database connection is closed, in seconds. Each takes 5 MB of "
        "the server's memory.",
    )
    database_start_timeout: Seconds = Field(
        60.0, description="How long `serve` waits for its database, embedded or not, in seconds."
    )
    database_connect_timeout: Seconds = Field(
        10.0, description="How long a connection to the database may take, in seconds."
    )
    database_statement_timeout: Seconds = Field(
        30.0,
        description="How long one sending of a statement may take before it is sent again on another connection, in "
        "seconds; each next one may take twice as long.",
    )
    database_patience: Seconds = Field(
        2.0,
        description="How long is waited for a database that is away where it is only an aid (the cache, what is known "
        "of hosts, proxies and templates), or is asked whether it is there, in seconds.",
    )
    database_wait: Seconds = Field(
        4.0, description="How long a request waits for a database that is away before it answers 503, in seconds."
    )
