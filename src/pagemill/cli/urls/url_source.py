"""The URLs that a command is given, read as often as need be, and never all at once."""

from __future__ import annotations

import shutil
import stat
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from pagemill.cli.urls.files import lines_of, urls_of
from pagemill.errors import OperatorError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import IO

_STANDARD_INPUT = "-"


class UrlSource:
    """URLs of the command line, then those of a file; `-` is standard input.

    What can be read only once, as that and pipes, is kept in a file meanwhile. Raises OperatorError where a file cannot
    be read, and UsageError where a URL is no text.
    """

    def __init__(self, urls: Sequence[str], file: str | None) -> None:
        if any("\udc80" <= character <= "\udcff" for url in urls for character in url):
            raise UsageError("A URL is not UTF-8.")
        self._names = [*((url, url == _STANDARD_INPUT) for url in urls), *([(file, True)] if file else [])]
        self._kept: IO[bytes] | None = None
        self._file = file
        self._pipe: IO[bytes] | None = None

    def __iter__(self) -> Iterator[str]:
        """Read them from the beginning. Raises OperatorError where a file cannot be read."""
        for name, is_file in self._names:
            if not is_file:
                yield name
            elif name == _STANDARD_INPUT:
                yield from lines_of(self._standard_input(), "standard input")
            elif (pipe := self._read_pipe(name)) is not None:
                yield from lines_of(pipe, f"the file {name}")
            else:
                yield from urls_of(name)

    def is_read_from(self, path: Path) -> bool:
        """Whether a path is that of the file, by whatever name."""
        try:
            return self._file not in (None, _STANDARD_INPUT) and Path(self._file or "").samefile(path)
        except OSError:
            return False

    def _read_pipe(self, name: str) -> IO[bytes] | None:
        """What came through a pipe, from its beginning; None for a file that is none."""
        if self._pipe is None:
            try:
                if not stat.S_ISFIFO(Path(name).stat().st_mode):
                    return None
                self._pipe = tempfile.TemporaryFile()  # noqa: SIM115 - it ends with the command
                with Path(name).open("rb") as pipe:
                    shutil.copyfileobj(pipe, self._pipe)
            except OSError as error:
                raise OperatorError(f"The file {name} cannot be read: {error.strerror or error}.") from error
        self._pipe.seek(0)
        return self._pipe

    def _standard_input(self) -> IO[bytes]:
        if self._kept is None:
            self._kept = tempfile.TemporaryFile()  # noqa: SIM115 - it ends with the command
            shutil.copyfileobj(sys.stdin.buffer, self._kept)
        self._kept.seek(0)
        return self._kept
