"""How pages are worked on, and for how long ended jobs are kept."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from pagemill.settings.group import Count, Limit, Seconds, SettingsGroup


class JobSettings(SettingsGroup):
    """How pages are worked on, and for how long ended jobs are kept."""

    job_deadline: Seconds = Field(120.0, description="The longest a page may be worked on, in seconds.")
    max_crashes: Count = Field(3, description="After taking its worker down this many times, a page fails.")
    retention_days: Annotated[float, Field(gt=0)] = Field(7.0, description="Days after which an ended job is deleted.")
    retention_step: Count = Field(200, description="The most jobs that one deletion removes at once.")
    worker_concurrency: Count = Field(16, description="Pages that one worker has in hand at a time.")
    worker_spare_pages: Limit = Field(
        16,
        description="Pages beyond these that one worker has in hand while others wait for the language model; only of "
        "API keys that have none waiting for it.",
    )
    worker_heartbeat: Seconds = Field(2.0, description="How often a worker says that it is alive, in seconds.")
    worker_timeout: Seconds = Field(
        15.0, description="A worker silent for this long is taken for dead and its pages go to others, in seconds."
    )
    worker_hang_timeout: Seconds = Field(
        60.0,
        description="A worker of `pagemill serve` that is silent for this long, though its process is there, is "
        "killed, and another one started, in seconds.",
    )
    poll_interval: Seconds = Field(
        1.0, description="How often an idle worker looks for pages when no notice came, in seconds."
    )
    max_clock_drift: Seconds = Field(
        5.0,
        description="How far this machine's clock may be from the database's before `pagemill doctor` fails, in "
        "seconds.",
    )
