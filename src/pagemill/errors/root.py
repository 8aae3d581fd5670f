"""The root of all errors."""

from __future__ import annotations

from typing import ClassVar


class PagemillError(Exception):
    """The root. Its `code` goes to clients as it is."""

    code: ClassVar[str] = "internal_error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
