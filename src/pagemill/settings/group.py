"""What groups of settings share: where values come from, and the types of values."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

MEBIBYTE = 1024 * 1024

Seconds = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]
Limit = Annotated[int, Field(ge=0)]
ByteCount = Annotated[int, Field(ge=1)]


class SettingsGroup(BaseSettings):
    """Settings that belong together. Each is read from the environment as PAGEMILL_<NAME>."""

    model_config = SettingsConfigDict(
        env_prefix="PAGEMILL_", frozen=True, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True
    )


def default_data_dir() -> Path:
    """Where the service keeps its data when nothing is said.

    For root a place whose ancestors everyone may pass, since PostgreSQL refuses to run as root and runs as another
    user; for anyone else the XDG data home.
    """
    if os.geteuid() == 0:
        return Path("/var/lib/pagemill")
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "pagemill"


def comma_separated(value: str) -> list[str]:
    """The parts of a setting that is a list, without white space and empty parts."""
    return [part.strip() for part in value.split(",") if part.strip()]
