"""How the endpoints of monitors find the monitor that a path names: of its own key alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

from fastapi import Path

from pagemill.errors import NotFoundError

if TYPE_CHECKING:
    from pagemill.api.resources import Resources
    from pagemill.jobs.monitors.monitor import Monitor

MonitorIdInPath = Annotated[str, Path(alias="id", description="The monitor's id.")]

_MONITOR_ID = re.compile(r"mon_[0-9a-f]{24}")


async def find_monitor(resources: Resources, monitor_id: str, key_id: str) -> Monitor | None:
    """Return a monitor of this key, or None."""
    return await resources.monitors.get(key_id, monitor_id) if _MONITOR_ID.fullmatch(monitor_id) else None


async def monitor_of_path(resources: Resources, monitor_id: str, key_id: str) -> Monitor:
    """Return a monitor of this key. Raises errors.NotFoundError."""
    found = await find_monitor(resources, monitor_id, key_id)
    if found is None:
        raise no_such_monitor()
    return found


def no_such_monitor() -> NotFoundError:
    """The error of an id that is none of the key's."""
    return NotFoundError("There is no such monitor.")
