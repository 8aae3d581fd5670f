"""Where the records of an uncompressed WARC file begin and end, so that it is read on after a damaged one.

fastwarc reads ahead, so this looks at the file beside it.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, Self

from pagemill.bulk.inputs.record_stream import RecordStream
from pagemill.errors import DamagedInputError

if TYPE_CHECKING:
    from collections.abc import Iterator

BEGINNING = b"WARC/1."
_BORDER = re.compile(rb"WARC/1\.[0-9]\r?\n[A-Za-z-]+:")
"""A version and the first field. What stands before may be the middle of the damaged record."""
_END_OF_HEADER = re.compile(rb"\r?\n\r?\n")
_END = b"\r\n\r\n"
_FILLING = b"\r\n\0"
_LONGEST_BEGINNING = 64
_HEADER = 4096
_LARGEST_HEADER = 64 * 1024
_PART = 1024 * 1024


class PlainWarc(RecordStream):
    """The records of a regular file, which is open and stays its caller's."""

    def __init__(self, file: Any, name: str) -> None:
        super().__init__(file)
        self._file = file.fileno()
        self._name = name
        self._searched_from = 0
        """Where the next record is looked for if the one that is read now is damaged."""
        self._ends_at: int | None = None
        """Where the last record ended; None where that is not known."""

    def check(self, start: int, length: int) -> None:
        """Check that a record which begins at `start` ends where it says: `length` bytes after its header.

        Two ends of line come there (ISO 28500, 4), or at least another record or the end of the file. Raises
        DamagedInputError.
        """
        self._searched_from, self._ends_at = start + len(BEGINNING), None
        body = self._end_of_header(start)
        if body is None:  # fastwarc takes other forms for headers than we do
            if os.fstat(self._file).st_size - start < _LARGEST_HEADER:
                raise DamagedInputError(f"{self._name} is damaged: it breaks off in the header at byte {start}.")
            return
        header = os.pread(self._file, body - start, start)
        if b"\0" in header or _BORDER.search(header, len(BEGINNING)):  # it breaks off, and the next one's follows
            raise DamagedInputError(f"{self._name} is damaged: the record at byte {start} has no whole header.")
        self._searched_from = body
        after = os.pread(self._file, _LONGEST_BEGINNING, body + length)
        is_whole = bool(after) or os.fstat(self._file).st_size == body + length
        ends = after.startswith(_END) or after.lstrip(b"\r\n")[: len(BEGINNING)] in (b"", BEGINNING)
        if not is_whole or not ends:
            raise DamagedInputError(f"{self._name} is damaged: the record at byte {start} does not end where it says.")
        self._searched_from = self._ends_at = body + length

    def check_end(self) -> None:
        """Raise DamagedInputError where more than ends of line and zeros follow the last record: another's header."""
        place = self._ends_at
        while place is not None and (part := os.pread(self._file, _HEADER, place)):
            if part.strip(_FILLING):
                raise DamagedInputError(f"{self._name} is damaged: what follows byte {place} is no record.")
            place += len(part)

    def after_damage(self) -> Self | None:
        """Return the stream from the next record on, or None where there is none."""
        for place, part in self._parts(self._searched_from):
            if found := _BORDER.search(part):
                self._searched_from = place + found.end()
                self.stream.seek(place + found.start())
                return self
        return None

    def _end_of_header(self, start: int) -> int | None:
        for size in (_HEADER, _LARGEST_HEADER):
            if found := _END_OF_HEADER.search(os.pread(self._file, size, start)):
                return start + found.end()
        return None

    def _parts(self, start: int) -> Iterator[tuple[int, bytes]]:
        """Yield the file in parts that overlap by the longest beginning of a record, each with its place."""
        place = start
        while len(part := os.pread(self._file, _PART, place)) > _LONGEST_BEGINNING:
            yield place, part
            place += len(part) - _LONGEST_BEGINNING
