"""`generatedJson`: the data of a page with what is known about it, as clients receive it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from pagemill.extraction.reading.addresses import is_unsafe
from pagemill.structuring.evidence import json_pointers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pagemill.errors import StructuringError
    from pagemill.model import JsonObject
    from pagemill.structuring.evidence.evidence import Evidence


_MAX_QUOTED_OF_MARKUP = 60


class Source(StrEnum):
    """Where data came from; the values are those of the wire."""

    MARKUP = "markup"
    MODEL = "model"
    LEARNED = "learned"


@dataclass(frozen=True, slots=True)
class Extraction:
    """Data before its evidence is looked for."""

    data: Any
    source: Source
    missing: Sequence[str] = ()
    """JSON pointers to what could not be filled."""
    inferred: Sequence[str] = ()
    """JSON pointers to values that are inferred, such as what kind of page it is."""


def success(extraction: Extraction, evidence: Evidence, *, strict: bool) -> JsonObject:
    """Return data with its evidence. `strict` leaves out the values that the page does not say.

    The pointers of `unsupported` lead into the data as it was before values were left out; those of `evidence` into
    the data as it is.
    """
    data = _without_script_addresses(extraction.data)
    # What the markup declares is on the page; that it is shown too is worth a look at the first values only.
    max_quoted = {"max_quoted": _MAX_QUOTED_OF_MARKUP} if extraction.source is Source.MARKUP else {}
    grounding = evidence.ground(data, **max_quoted)
    inferences = [pointer for pointer in grounding.unsupported if pointer in extraction.inferred]
    wrong = [pointer for pointer in grounding.unsupported if pointer not in extraction.inferred]
    values = dict(json_pointers.leaves(data))
    unsupported = [{"pointer": pointer, "value": values[pointer]} for pointer in wrong]
    if strict and wrong:
        data = json_pointers.without(data, set(wrong))
        grounding = evidence.ground(data, **max_quoted)
    return {
        "status": "success",
        "source": extraction.source.value,
        "data": data,
        "evidence": grounding.evidence,
        "unsupported": unsupported,
        "inferred": [*grounding.inferred, *inferences],
        "missing": list(extraction.missing),
    }


def _without_script_addresses(data: Any) -> Any:
    """Data without addresses that run scripts: whoever shows it may link them."""
    unsafe = {
        pointer
        for pointer, value in json_pointers.leaves(data)
        if isinstance(value, str) and is_unsafe(value, next(_names(pointer), ""))
    }
    return json_pointers.without(data, unsafe) if unsafe else data


def _names(pointer: str) -> Iterator[str]:
    """The names of properties along a pointer, the last one first; the numbers of a list's elements are none."""
    return (step for step in reversed(json_pointers.steps(pointer)) if not step.isdigit())


def failed(error: StructuringError) -> JsonObject:
    """Return what stands in the place of data that could not be made."""
    return {"status": "failed", "error": f"{error.message} ({error.code})", "data": {}}
