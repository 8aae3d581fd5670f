"""Every setting, in groups. Each is read from the environment as PAGEMILL_<NAME>; nothing else reads it.

`docs/settings.md` lists them all, and a test keeps it so.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.fields import FieldInfo

from pagemill.settings.api.batches import BatchSettings
from pagemill.settings.api.connections import ConnectionSettings
from pagemill.settings.api.corrections import CorrectionSettings
from pagemill.settings.api.interface import InterfaceSettings
from pagemill.settings.api.limits import LimitSettings
from pagemill.settings.api.lists import ListSettings
from pagemill.settings.api.mcp import McpSettings
from pagemill.settings.api.monitors import MonitorSettings
from pagemill.settings.api.requests import RequestSettings
from pagemill.settings.api.search import SearchSettings
from pagemill.settings.api.service import ServiceSettings
from pagemill.settings.api.sessions import SessionSettings
from pagemill.settings.browser import BrowserSettings
from pagemill.settings.cache import CacheSettings
from pagemill.settings.database import DatabaseSettings
from pagemill.settings.egress import EgressSettings
from pagemill.settings.extraction import ExtractionSettings
from pagemill.settings.fetching import FetchingSettings
from pagemill.settings.jobs import JobSettings
from pagemill.settings.observability import ObservabilitySettings
from pagemill.settings.sites import SiteSettings
from pagemill.settings.storage import StorageSettings
from pagemill.settings.structuring import StructuringSettings
from pagemill.settings.webhooks import WebhookSettings

__all__ = ["Settings"]


class Settings(BaseModel):
    """The settings of one process, read once when it starts.

    Keyword arguments are names of single settings, whatever their group: `Settings(max_body_bytes=1000)`. They
    override the environment.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    service: ServiceSettings = Field(default_factory=ServiceSettings)
    database: DatabaseSettings = Field(default_factory=DatabaseSettings)
    storage: StorageSettings = Field(default_factory=StorageSettings)
    connections: ConnectionSettings = Field(default_factory=ConnectionSettings)
    requests: RequestSettings = Field(default_factory=RequestSettings)
    limits: LimitSettings = Field(default_factory=LimitSettings)
    lists: ListSettings = Field(default_factory=ListSettings)
    interface: InterfaceSettings = Field(default_factory=InterfaceSettings)
    batches: BatchSettings = Field(default_factory=BatchSettings)
    mcp: McpSettings = Field(default_factory=McpSettings)
    search: SearchSettings = Field(default_factory=SearchSettings)
    sessions: SessionSettings = Field(default_factory=SessionSettings)
    corrections: CorrectionSettings = Field(default_factory=CorrectionSettings)
    jobs: JobSettings = Field(default_factory=JobSettings)
    webhooks: WebhookSettings = Field(default_factory=WebhookSettings)
    fetching: FetchingSettings = Field(default_factory=FetchingSettings)
    egress: EgressSettings = Field(default_factory=EgressSettings)
    cache: CacheSettings = Field(default_factory=CacheSettings)
    browser: BrowserSettings = Field(default_factory=BrowserSettings)
    extraction: ExtractionSettings = Field(default_factory=ExtractionSettings)
    sites: SiteSettings = Field(default_factory=SiteSettings)
    monitors: MonitorSettings = Field(default_factory=MonitorSettings)
    structuring: StructuringSettings = Field(default_factory=StructuringSettings)
    observability: ObservabilitySettings = Field(default_factory=ObservabilitySettings)

    @classmethod
    def by_name(cls) -> dict[str, tuple[str, FieldInfo]]:
        """Return each setting by its name: the group that it is in, and what is said of it there."""
        found: dict[str, tuple[str, FieldInfo]] = {}
        for group, field in cls.model_fields.items():
            fields: dict[str, FieldInfo] = field.annotation.model_fields  # type: ignore[union-attr]
            found |= {name: (group, setting) for name, setting in fields.items()}
        return found

    def changed(self, **changes: Any) -> Settings:
        """Return these settings with single ones changed, checked like those of the environment."""
        return Settings.model_validate(self.model_dump() | changes)

    @model_validator(mode="before")
    @classmethod
    def _group(cls, given: dict[str, Any]) -> dict[str, Any]:
        """Put single settings into their groups. Raises ValueError for one that is not there."""
        groups = {name: value for name, value in given.items() if name in cls.model_fields}
        known = cls.by_name()
        for name, value in given.items():
            if name in groups:
                continue
            if name not in known:
                raise ValueError(f"There is no setting {name}.")
            group = known[name][0]
            rest = groups.get(group, {})
            groups[group] = (rest if isinstance(rest, dict) else rest.model_dump()) | {name: value}
        return groups
