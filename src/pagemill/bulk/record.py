"""A page before extraction, as an input holds it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pagemill.errors import PagemillError

OK = 200


@dataclass(frozen=True, slots=True)
class Record:
    """The bytes of a page and what is known of them, or why there are none."""

    url: str | None
    body: bytes = b""
    content_type: str = ""
    """The Content-Type header as it came; empty where there was none."""
    status: int = OK
    headers: dict[str, str] = field(default_factory=dict)
    """Those of the response by name in lower case."""
    failure: PagemillError | None = None
