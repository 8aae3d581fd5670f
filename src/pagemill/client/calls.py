"""One call of the service: the request, when it is repeated, and what an answer means. No I/O."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from pagemill.client.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pagemill.client.upload import UploadBody

_REPEATED = frozenset({HTTPStatus.TOO_MANY_REQUESTS, 502, HTTPStatus.SERVICE_UNAVAILABLE, 504})
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 30.0


@dataclass(frozen=True, slots=True)
class Call:
    """A request. A submission has an idempotency key, so that all may be sent again."""

    method: str
    path: str
    fields: Mapping[str, Any] | None = None
    query: Mapping[str, str | int | float] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    hold: float = 0
    """Seconds for which the service may hold the answer."""
    upload: UploadBody | None = None
    """The body, where that is no JSON."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A response: its status, its headers by names in lower case, and its body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def is_to_be_repeated(self) -> bool:
        """Whether the same request may succeed later."""
        return self.status in _REPEATED

    def pause(self, repetition: int) -> float:
        """Return the seconds to wait before a repetition, counted from 0: what the service says, or ever longer."""
        said = self.headers.get("retry-after", "")
        return min(float(said), _LONGEST_PAUSE) if said.isdecimal() else pause(repetition)

    def value(self, *names: str) -> Any:
        """Return the JSON of a success, an object that has these names. Raises ApiError for anything else."""
        try:
            value = json.loads(self.body)
        except ValueError:
            value = None
        is_success = HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES
        if is_success and isinstance(value, dict) and value.keys() >= set(names):
            return value
        if isinstance(value, dict) and {"code", "message"} <= value.keys():
            raise ApiError(self.status, str(value["code"]), str(value["message"]))
        raise ApiError(self.status, "no_service", f"What answered with HTTP status {self.status} is no Pagemill.")


def lines_of(answer: Answer) -> list[Any]:
    """Return the lines of JSON Lines. Raises ApiError for an answer that is no success."""
    if answer.status != HTTPStatus.OK:
        answer.value()
    return [json.loads(line) for line in answer.body.splitlines()]


def pause(repetition: int) -> float:
    """Return the seconds to wait before a repetition, counted from 0: double each time, and not all clients at once."""
    longest: float = min(_FIRST_PAUSE * 2.0**repetition, _LONGEST_PAUSE)
    return longest * random.uniform(0.5, 1)  # noqa: S311 - no secret
