"""The body of an upload: a file, or URLs as JSON Lines. It may be sent again, so it can be read again."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

    Source: TypeAlias = "str | os.PathLike[str] | Sequence[str | Mapping[str, Any]]"
    """A file of URLs, JSON Lines or Parquet by its name; or URLs, or objects with `url`, `id` and `options`."""

_PART = 256 * 1024
_LINES_AT_ONCE = 1000


class UploadBody:
    """What is uploaded, in parts."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def parts(self) -> Iterator[bytes]:
        """Yield it from its beginning."""
        if isinstance(self._source, str) or not hasattr(self._source, "__getitem__"):
            with Path(self._source).open("rb") as file:
                while part := file.read(_PART):
                    yield part
            return
        for start in range(0, len(self._source), _LINES_AT_ONCE):  # type: ignore[arg-type]
            lines = self._source[start : start + _LINES_AT_ONCE]
            yield "".join(json.dumps(line) + "\n" for line in lines).encode()

    async def async_parts(self) -> AsyncIterator[bytes]:
        """Yield the same without holding up the event loop."""
        parts = self.parts()
        while (part := await asyncio.to_thread(next, parts, None)) is not None:
            yield part
