"""What one check found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """How well a thing is."""

    OK = "ok"
    WARNING = "warning"
    """The service works, but worse or less safely than it could."""
    FAILED = "failed"
    """The service, or a part of it, does not work."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check, in one line."""

    check: str
    status: Status
    message: str
    hint: str | None = None
    """What to do about it."""

    def __str__(self) -> str:
        text = " ".join(f"{self.message} {self.hint or ''}".split())
        return f"{self.status:<8} {self.check}: {text}"


def ok(check: str, message: str) -> Finding:
    """All is well."""
    return Finding(check, Status.OK, message)


def warning(check: str, message: str, hint: str) -> Finding:
    """It works, but worse than it could."""
    return Finding(check, Status.WARNING, message, hint)


def failed(check: str, message: str, hint: str) -> Finding:
    """It does not work."""
    return Finding(check, Status.FAILED, message, hint)
