"""The content view and corrections: how large a page may be, and how many corrections there may be."""

from __future__ import annotations

from pydantic import Field

from pagemill.settings.group import MEBIBYTE, ByteCount, Count, Limit, SettingsGroup


class CorrectionSettings(SettingsGroup):
    """The content view and corrections: how large a page may be, and how many corrections there may be."""

    corrections_per_key: Count = Field(500, description="Corrections that one key may have.")
    corrected_pages_per_key: Limit = Field(
        200, description="Corrected pages whose HTML is kept for each key, to be exported as training pages."
    )
    content_view_max_bytes: ByteCount = Field(
        4 * MEBIBYTE, description="The largest page that the content view shows, in bytes of compressed HTML."
    )
    content_view_max_blocks: Count = Field(
        5000, description="The most blocks of text of a page that the content view shows."
    )
