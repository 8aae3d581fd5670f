"""Monitors: how many there may be, how often they run, what is kept of them."""

from __future__ import annotations

from pydantic import Field

from pagemill.settings.group import Count, SettingsGroup


class MonitorSettings(SettingsGroup):
    """Monitors: how many there may be, how often they run, what is kept of them."""

    monitors_per_key: Count = Field(100, description="Monitors that one key may have.")
    monitor_min_interval: Count = Field(15, description="The shortest time between two runs of a monitor, in minutes.")
    monitor_max_pages: Count = Field(500, description="The most pages that a monitor of a site may ask for.")
    monitor_changes_kept: Count = Field(1000, description="Changes that are kept of each monitor; the oldest go first.")
    monitor_snapshots_kept: Count = Field(
        10, description="Snapshots that are kept of each page of a monitor; the oldest go first."
    )
    monitor_runs_kept: Count = Field(1000, description="Runs that are kept of each monitor; the oldest go first.")
    monitor_diff_characters: Count = Field(
        100_000, description="Characters of one change's diff that are kept, and as many bytes of its JSON diff."
    )
    monitor_runs_compared: Count = Field(
        8, description="Runs of monitors that one worker compares at a time, at most two of each key."
    )
