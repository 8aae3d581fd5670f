"""The file of JSON Lines that `pagemill scrape --resume` goes on with."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

import orjson

from pagemill.errors import OperatorError, UsageError

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path


class ResumedLines:
    """The lines that are there. Those of pages that are scraped again are taken out, so that each page has one line.

    That are the failed ones of the URLs `wanted`, and a last line that was cut off. Raises UsageError where the file is
    none of JSON Lines, and OperatorError where it cannot be written; nothing of it is lost then.
    """

    def __init__(self, file: Path, wanted: Collection[str]) -> None:
        self._file = file
        self._wanted = frozenset(wanted)
        self._completed: Counter[str] = Counter()
        self._failed: set[int] = set()
        """Where the lines begin that are taken out."""
        try:
            self._read()
            if self._failed:
                self._take_out()
        except FileNotFoundError:
            return
        except OSError as error:
            raise OperatorError(f"{file} cannot be written: {error.strerror}.") from error

    def take(self, url: str) -> bool:
        """Whether a page of this URL has completed. One that is wanted twice is there twice."""
        if not self._completed[url]:
            return False
        self._completed[url] -= 1
        return True

    def _read(self) -> None:
        place = 0
        with self._file.open("rb") as lines:
            for line in lines:
                if not line.endswith(b"\n"):
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
            raise UsageError(f"The file {self._file} is no output of --format json, so it cannot be resumed.") from None
        if is_completed:
            self._completed[url] += 1
        elif url in self._wanted:
            self._failed.add(place)

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
                if place not in self._failed:
                    kept.write(line)
                place += len(line)
        copy.replace(self._file)
