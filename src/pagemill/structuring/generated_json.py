"""`generatedJson`: the data of a page with what is known about it, as clients receive it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from pagemill.structuring import pointers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pagemill.errors import StructuringError
    from pagemill.model import JsonObject
    from pagemill.structuring.evidence import Evidence


class Source(StrEnum):
    """Where data came from; the values are those of the wire."""

    MARKUP = "markup"
    MODEL = "model"
    LEARNED = "learned"


def success(
    data: Any,
    source: Source,
    evidence: Evidence,
    *,
    strict: bool,
    missing: Sequence[str] = (),
    judged: Sequence[str] = (),
) -> JsonObject:
    """Return data with its evidence. `strict` leaves out the values that the page does not say.

    `judged` are pointers to values that are judgements, such as what kind of page it is. The pointers of `unsupported`
    lead into the data as it was before values were left out; those of `evidence` into the data as it is.
    """
    grounding = evidence.ground(data)
    judgements = [pointer for pointer in grounding.unsupported if pointer in judged]
    wrong = [pointer for pointer in grounding.unsupported if pointer not in judged]
    said = dict(pointers.leaves(data))
    unsupported = [{"pointer": pointer, "value": said[pointer]} for pointer in wrong]
    if strict and wrong:
        data = pointers.without(data, set(wrong))
        grounding = evidence.ground(data)
    return {
        "status": "success",
        "source": source.value,
        "data": data,
        "evidence": grounding.evidence,
        "unsupported": unsupported,
        "inferred": [*grounding.inferred, *judgements],
        "missing": list(missing),
    }


def failed(error: StructuringError) -> JsonObject:
    """Return what stands in the place of data that could not be made."""
    return {"status": "failed", "error": f"{error.message} ({error.code})", "data": {}}
