"""`generatedJson`: the data of a page with what is known about it, as clients receive it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from pagemill.structuring.evidence import json_pointers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pagemill.errors import StructuringError
    from pagemill.model import JsonObject
    from pagemill.structuring.evidence.evidence import Evidence


_PLACED_OF_MARKUP = 60


class Source(StrEnum):
    """Where data came from; the values are those of the wire."""

    MARKUP = "markup"
    MODEL = "model"
    LEARNED = "learned"


@dataclass(frozen=True, slots=True)
class Draft:
    """Data before its evidence is looked for."""

    data: Any
    source: Source
    missing: Sequence[str] = ()
    """JSON pointers to what could not be filled."""
    judged: Sequence[str] = ()
    """JSON pointers to values that are judgements, such as what kind of page it is."""


def success(draft: Draft, evidence: Evidence, *, strict: bool) -> JsonObject:
    """Return data with its evidence. `strict` leaves out the values that the page does not say.

    The pointers of `unsupported` lead into the data as it was before values were left out; those of `evidence` into
    the data as it is.
    """
    data = draft.data
    # What the markup declares is on the page; that it is shown too is worth a look at the first values only.
    placed = {"placed": _PLACED_OF_MARKUP} if draft.source is Source.MARKUP else {}
    grounding = evidence.ground(data, **placed)
    judgements = [pointer for pointer in grounding.unsupported if pointer in draft.judged]
    wrong = [pointer for pointer in grounding.unsupported if pointer not in draft.judged]
    said = dict(json_pointers.leaves(data))
    unsupported = [{"pointer": pointer, "value": said[pointer]} for pointer in wrong]
    if strict and wrong:
        data = json_pointers.without(data, set(wrong))
        grounding = evidence.ground(data, **placed)
    return {
        "status": "success",
        "source": draft.source.value,
        "data": data,
        "evidence": grounding.evidence,
        "unsupported": unsupported,
        "inferred": [*grounding.inferred, *judgements],
        "missing": list(draft.missing),
    }


def failed(error: StructuringError) -> JsonObject:
    """Return what stands in the place of data that could not be made."""
    return {"status": "failed", "error": f"{error.message} ({error.code})", "data": {}}
