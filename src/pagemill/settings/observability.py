"""Metrics: whether they are counted, who may read them, and where."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from pagemill.settings.group import Limit, Seconds, SettingsGroup


class ObservabilitySettings(SettingsGroup):
    """Metrics: whether they are counted, who may read them, and where."""

    metrics: bool = Field(True, description="Whether metrics are counted and `GET /metrics` is served.")
    metrics_auth: bool = Field(
        True, description="Whether `/metrics` asks for an operator's key. Off: programs on the same machine need none."
    )
    metrics_hosts: Limit = Field(
        0, description="Hosts that each worker counts by name, at most; others are `other`. 0: hosts are not counted."
    )
    metrics_queue_age: Seconds = Field(
        5.0, description="For how long the length of the queue is kept between readings of `/metrics`, in seconds."
    )
    metrics_host: str = Field(
        "127.0.0.1", description="The address that `pagemill worker` serves its own metrics on, if it has a port."
    )
    metrics_port: int = Field(
        0,
        ge=0,
        le=65535,
        description="The port that `pagemill worker` serves its own metrics on; 0 for none.",
    )
    metrics_history_interval: Seconds = Field(
        30.0, description="How often a sample of the metrics is kept for the charts of the interface, in seconds."
    )
    metrics_history_days: Annotated[float, Field(gt=0)] = Field(
        7.0, description="Days after which such a sample is deleted."
    )
