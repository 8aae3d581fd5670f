"""The root of all errors."""

from __future__ import annotations

from typing import ClassVar

from pagemill.redaction import redact


class PagemillError(Exception):
    """The root. Its `code` goes to clients as it is. URLs in its message are redacted."""

    code: ClassVar[str] = "internal_error"

    def __init__(self, message: str) -> None:
        self.message = redact(message)
        super().__init__(self.message)
