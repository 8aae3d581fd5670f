"""The language that a text is written in, whatever its page declares: by py3langid, which the extra `bulk` brings."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_READ = 2000
"""Characters that are looked at. With all of a text the answers are the same, at three times the time."""
_SHORTEST = 20


def identify(text: str) -> str | None:
    """Return the code of a text's language (ISO 639-1, or 639-3 where it has none); None for a text that is too short.

    Raises ImportError where the package is missing.
    """
    read = text[:LONGEST_READ]
    if sum(character.isalpha() for character in read) < _SHORTEST:
        return None
    return _classifier()(read)[0]


@cache
def _classifier() -> Callable[[str], tuple[str, float]]:
    from py3langid import classify  # its model takes a second and 100 MB

    return classify  # type: ignore[no-any-return]
