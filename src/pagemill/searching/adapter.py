"""What an adapter of a search service does: it makes the request and finds the results in the answer. No I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from pagemill.errors import SearchError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True, slots=True)
class ServiceRequest:
    """A request to a search service. Its headers may hold the key."""

    method: str
    url: str = field(repr=False)
    query: Mapping[str, str | int] | None = None
    fields: Mapping[str, Any] | None = None
    """The body, sent as JSON."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class RawResult:
    """A result as the service sent it: every value may be missing, or of any type."""

    url: object
    title: object = None
    snippet: object = None
    date: object = None
    last_updated: object = None


class SearchAdapter(Protocol):
    """Speaks the protocol of one search service."""

    def request(self, prompt: str, limit: int) -> ServiceRequest:
        """Return the request for about so many results."""

    def results(self, answer: Any) -> Iterator[RawResult]:
        """Yield the results in an answer, which is any JSON value. Raises errors.SearchError where it holds no list."""


def objects_at(answer: Any, *path: str) -> list[dict[str, Any]]:
    """Return the objects of the list at a path of names; none where the path ends early.

    Raises errors.SearchError where something else stands there.
    """
    value = answer
    for name in path:
        if not isinstance(value, dict):
            raise _unexpected()
        value = value.get(name)
        if value is None:
            return []
    if not isinstance(value, list):
        raise _unexpected()
    return [item for item in value if isinstance(item, dict)]


def _unexpected() -> SearchError:
    return SearchError("The search service's answer is not of the form that its protocol has.")
