"""The web interface: how long a browser stays signed in."""

from __future__ import annotations

from pydantic import Field

from pagemill.settings.group import Count, Seconds, SettingsGroup


class InterfaceSettings(SettingsGroup):
    """The web interface: how long a browser stays signed in."""

    sign_in_time: Seconds = Field(
        43_200.0, description="How long a browser stays signed in to the web interface, in seconds."
    )
    sign_ins_per_key: Count = Field(
        100, description="Browsers that are signed in with one key at a time; beyond, the oldest are signed out."
    )
