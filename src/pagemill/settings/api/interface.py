"""The web interface: how long a browser stays signed in, and how much a view shows."""

from __future__ import annotations

from pydantic import Field

from pagemill.settings.group import MEBIBYTE, ByteCount, Count, Seconds, SettingsGroup


class InterfaceSettings(SettingsGroup):
    """The web interface: how long a browser stays signed in, and how much a view shows."""

    sign_in_time: Seconds = Field(
        43_200.0, description="How long a browser stays signed in to the web interface, in seconds."
    )
    sign_ins_per_key: Count = Field(
        100, description="Browsers that are signed in with one key at a time; beyond, the oldest are signed out."
    )
    view_characters: Count = Field(
        100_000, description="Characters of one text that a view shows; a link leads to the whole."
    )
    view_rows: Count = Field(500, description="Rows of one list that a view shows; a link leads to the whole.")
    view_timeout: Seconds = Field(
        5.0, description="How long making one text ready to be shown may take, in seconds; beyond, it is shown plain."
    )
    view_memory: ByteCount = Field(512 * MEBIBYTE, description="The memory that this may use, in bytes.")
    views_made: Count = Field(2, description="Texts that an API process makes ready at a time; keys take turns.")
