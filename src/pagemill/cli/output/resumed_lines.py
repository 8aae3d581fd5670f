"""The file of JSON Lines that `pagemill scrape --resume` goes on with."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import orjson

from pagemill.cli.output.page_counts import PageCounts
from pagemill.errors import OperatorError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


_BEGINNING = b'{"'
"""What each line begins with, also one that was cut off."""


class ResumedLines:
    """The lines that are there. Those of pages that are scraped again are taken out, so that each page has one line.

    That are the failed ones of the URLs `wanted`, which are read where any failed, and a last line that was cut off.
    Raises UsageError where the file is none of JSON Lines, and OperatorError where it cannot be written; nothing of it
    is lost then.
    """

    def __init__(self, file: Path, wanted: Iterable[str]) -> None:
        self._file = file
        self._completed = PageCounts()
        self._failed: dict[str, list[int]] = {}
        """Where the lines of failed pages begin, by URL."""
        self._taken_out: set[int] = set()
        try:
            self._read()
            if self._failed:
                self._taken_out = {place for url in wanted for place in self._failed.pop(url, ())}
                self._failed = {}
            if self._taken_out:
                self._take_out()
        except FileNotFoundError:
            return
        except OSError as error:
            raise OperatorError(f"{file} cannot be written: {error.strerror}.") from error

    def take(self, url: str) -> bool:
        """Whether a page of this URL has completed. One that is wanted twice is there twice."""
        return self._completed.take(url)

    def _read(self) -> None:
        place = 0
        with self._file.open("rb") as lines:
            for line in lines:
                if not line.endswith(b"\n"):
                    if not (line.startswith(_BEGINNING) or _BEGINNING.startswith(line)):
                        raise self._no_output()
                    os.truncate(self._file, place)
                    return
                if line.strip():
                    self._note(line, place)
                place += len(line)

    def _note(self, line: bytes, place: int) -> None:
        try:
            record = orjson.loads(line)
            url, is_completed = record["url"], record.get("status") == "completed"
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
            raise self._no_output() from None
        if not isinstance(url, str):
            raise self._no_output()
        if is_completed:
            self._completed.add(url)
        else:
            self._failed.setdefault(url, []).append(place)

    def _no_output(self) -> UsageError:
        return UsageError(f"The file {self._file} is no output of --format json, so it cannot be resumed.")

    def _take_out(self) -> None:
        """Put a copy without the lines in place of the file, once it is whole."""
        copy, place = self._file.with_name(f".{self._file.name}.part"), 0
        copy.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        with (
            self._file.open("rb") as lines,
            os.fdopen(os.open(copy, flags, self._file.stat().st_mode & 0o777), "wb") as kept,
        ):
            for line in lines:
                if place not in self._taken_out:
                    kept.write(line)
                place += len(line)
        copy.replace(self._file)
