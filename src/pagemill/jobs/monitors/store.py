"""Monitors as clients see them: made, looked up, changed, deleted, with what changed."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pagemill.errors import ConflictError
from pagemill.jobs.monitors import statements
from pagemill.jobs.monitors.monitor import change_of, monitor_of
from pagemill.jobs.queue.store import pack_options

if TYPE_CHECKING:
    from pagemill.jobs.database.pool import Database
    from pagemill.jobs.monitors.monitor import Change, Definition, Monitor

_LATEST_TIME = datetime.max.replace(tzinfo=UTC)


class MonitorStore:
    """The monitors in the database, each seen by its own key alone."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(
        self,
        key_id: str,
        definition: Definition,
        *,
        limit: int,
        idempotency_key: str | None = None,
        repeat_window: timedelta = timedelta(0),
    ) -> Monitor:
        """Store a monitor, whose first run is due at once, and return it.

        The same request that came less than `repeat_window` ago, or with the same idempotency key, made the monitor
        that is returned. Raises errors.ConflictError where the key has `limit` monitors, and where the idempotency key
        came with another request.
        """
        row = await self._database.rows(
            statements.INSERT_MONITOR,
            *(_new_id(key_id, idempotency_key), key_id, *_values(definition), secrets.token_hex(12)),
            *(limit, repeat_window),
            lock=_lock_of(key_id),
        )
        if not row:
            raise ConflictError(f"One key may have {limit} monitors. Delete one first.")
        made = monitor_of(row[0])
        if idempotency_key is not None and made.definition.request != definition.request:
            raise ConflictError("This Idempotency-Key came with another request before. Use a new key.")
        return made

    async def get(self, key_id: str, monitor_id: str) -> Monitor | None:
        """Return a monitor, or None."""
        row = await self._database.row(statements.GET_MONITOR, monitor_id, key_id)
        return monitor_of(row) if row else None

    async def monitors_of(self, key_id: str, before: Monitor | None, limit: int) -> list[Monitor]:
        """Return a key's monitors, newest first: those older than `before` where there is one."""
        start = (before.created_at, before.id) if before else (_LATEST_TIME, "")
        return [monitor_of(row) for row in await self._database.rows(statements.LIST_MONITORS, key_id, *start, limit)]

    async def update(self, monitor: Monitor, definition: Definition) -> Monitor | None:
        """Change what a monitor watches, and return it. None where it was changed, or deleted, since it was read.

        Where it watches something else from now on, it begins anew: what it knew of the pages is forgotten, and the run
        under way counts no more.
        """
        row = await self._database.row(
            statements.UPDATE_MONITOR,
            *(monitor.id, monitor.key_id, monitor.revision, secrets.token_hex(12)),
            *_values(definition),
            monitor.definition.watched != definition.watched,
        )
        return monitor_of(row) if row else None

    async def delete(self, key_id: str, monitor_id: str) -> bool:
        """Delete a monitor with its changes. Returns whether there was one."""
        if await self.get(key_id, monitor_id) is None:
            return False
        await self._database.rows(statements.DELETE_MONITOR, monitor_id, key_id)
        return True

    async def changes(self, monitor_id: str, before: str | None, limit: int) -> list[Change]:
        """Return what changed, newest first: what is older than the change of the id `before` where there is one."""
        rows = await self._database.rows(statements.LIST_CHANGES, monitor_id, before, limit)
        return [change_of(row) for row in rows]

    async def change(self, monitor_id: str, change_id: str) -> Change | None:
        """Return one change, or None."""
        row = await self._database.row(statements.GET_CHANGE, monitor_id, change_id)
        return change_of(row) if row else None

    async def has_change(self, monitor_id: str, change_id: str) -> bool:
        """Whether a change of this id is kept."""
        row = await self._database.row(statements.HAS_CHANGE, monitor_id, change_id)
        return bool(row and row["found"])


def _values(definition: Definition) -> tuple[Any, ...]:
    return (
        definition.request,
        definition.url,
        pack_options(definition.options),
        asdict(definition.site) if definition.site else None,
        definition.interval_minutes,
        definition.alert_webhook_url,
        definition.is_active,
        definition.expires_at,
    )


def _new_id(key_id: str, idempotency_key: str | None) -> str:
    if idempotency_key is None:
        return f"mon_{secrets.token_hex(12)}"
    return f"mon_{hashlib.sha256(f'{key_id} {idempotency_key}'.encode()).hexdigest()[:24]}"


def _lock_of(key_id: str) -> int:
    """The number of the lock under which a key's monitors are counted."""
    return int.from_bytes(hashlib.sha256(b"monitors" + key_id.encode()).digest()[:8], signed=True)
