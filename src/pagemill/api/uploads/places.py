"""How many uploads are taken in at a time."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from pagemill.errors import QueueFullError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pagemill.settings import Settings


class UploadPlaces:
    """How many uploads are taken in at a time: of one key, and in all."""

    def __init__(self, settings: Settings) -> None:
        self._per_key = settings.batches.batch_uploads_per_key
        self._in_all = settings.batches.batch_uploads
        self._running: dict[str, int] = {}

    @contextlib.contextmanager
    def taken(self, key_id: str) -> Iterator[None]:
        """Take a place. Raises errors.QueueFullError where there is none."""
        if self._running.get(key_id, 0) >= self._per_key:
            raise QueueFullError(f"At most {self._per_key} uploads of one key are taken at a time.")
        if sum(self._running.values()) >= self._in_all:
            raise QueueFullError(f"At most {self._in_all} uploads are taken at a time.")
        self._running[key_id] = self._running.get(key_id, 0) + 1
        try:
            yield
        finally:
            self._running[key_id] -= 1
            if not self._running[key_id]:
                del self._running[key_id]
