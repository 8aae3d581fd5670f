"""How much the lists of the interface look at and hand out."""

from __future__ import annotations

from pydantic import Field

from pagemill.settings.group import Count, SettingsGroup


class ListSettings(SettingsGroup):
    """How much the lists of the interface look at and hand out."""

    list_search_jobs: Count = Field(
        50_000, description="Jobs that one search in the list of jobs looks at before it asks whether to go on."
    )
    zip_download_pages: Count = Field(
        10_000, description="Pages up to which a job is offered as a ZIP file, whose index is kept in memory."
    )
