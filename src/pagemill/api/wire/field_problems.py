"""What is wrong with a field of a request, as a sentence. Needs no web framework: `pagemill scrape` uses it too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ENTRIES = ("entry", "entries")


def field_name(place: Sequence[str | int]) -> str:
    """Return the name of a field by its place in pydantic's terms, of which the first is `body` or `query`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place[1:]).lstrip(".")


def describe(problem: Mapping[str, Any]) -> str:
    """Return a pydantic error as a sentence that names the field, such as `urls[3]`."""
    place, *path = problem["loc"]
    if problem["type"] == "json_invalid":
        return f"The body is not valid JSON: {problem['ctx']['error']}."
    if not path:
        return "The body must be a JSON object, sent with the header Content-Type: application/json."
    name = field_name(problem["loc"])
    kind = {"body": "field", "query": "parameter"}.get(place, place)
    if problem["type"] == "missing":
        return f"The {kind} `{name}` is required."
    return f"The {kind} `{name}` is not valid: {_reason(problem)}."


def _reason(problem: Mapping[str, Any]) -> str:
    """Return what is wrong in words for a client, where pydantic's are for programmers."""
    context = problem.get("ctx", {})
    if problem["type"] == "too_short":
        return f"it needs at least {context['min_length']} {_ENTRIES[context['min_length'] > 1]}"
    if problem["type"] == "too_long":
        return f"it takes at most {context['max_length']} entries"
    if problem["type"] == "string_pattern_mismatch":
        return "it holds characters that it cannot have, or is empty"
    if problem["type"] == "union_tag_invalid":
        return f"its {context['discriminator']} is none of {context['expected_tags']}"
    if problem["type"] == "union_tag_not_found":
        return f"it needs a {context['discriminator']}"
    return _uncapitalised(str(problem["msg"]))


def _uncapitalised(text: str) -> str:
    return text[:1].lower() + text[1:]
