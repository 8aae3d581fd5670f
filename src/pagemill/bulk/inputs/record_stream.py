"""What fastwarc reads the records of a WARC file from."""

from __future__ import annotations

from typing import Any, Self


class RecordStream:
    """A file with records, of which nothing is known but that: it ends where it is damaged."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        """What is read: it has `read` and `tell`."""
        self.failure: Exception | None = None
        """Why it ended, where that was no orderly end."""

    def check(self, start: int, length: int) -> None:
        """Check the record that begins at the byte `start`, with `length` bytes after its header.

        Raises DamagedInputError.
        """

    def check_end(self) -> None:
        """Check that the records ended where the file does. Raises DamagedInputError."""

    def after_damage(self) -> Self | None:
        """Return the stream from the next whole record on, or None where there is none."""
        return None
