"""The URLs that a command is given, read as often as need be, and never all at once."""

from __future__ import annotations

import shutil
import sys
import tempfile
from typing import TYPE_CHECKING

from pagemill.cli.urls.files import lines_of, urls_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import IO

_STANDARD_INPUT = "-"


class UrlSource:
    """URLs of the command line, then those of a file; `-` is standard input, which is kept in a file meanwhile."""

    def __init__(self, urls: Sequence[str], file: str | None) -> None:
        self._names = [*((url, url == _STANDARD_INPUT) for url in urls), *([(file, True)] if file else [])]
        self._kept: IO[bytes] | None = None

    def __iter__(self) -> Iterator[str]:
        """Read them from the beginning. Raises OperatorError where a file cannot be read."""
        for name, is_file in self._names:
            if not is_file:
                yield name
            elif name == _STANDARD_INPUT:
                yield from lines_of(self._standard_input(), "standard input")
            else:
                yield from urls_of(name)

    def _standard_input(self) -> IO[bytes]:
        if self._kept is None:
            self._kept = tempfile.TemporaryFile()  # noqa: SIM115 - it ends with the command
            shutil.copyfileobj(sys.stdin.buffer, self._kept)
        self._kept.seek(0)
        return self._kept
