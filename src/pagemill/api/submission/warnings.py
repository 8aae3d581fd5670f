"""The fields of a request that are not known: ignored, logged, and named in the answer's `warnings`."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

import structlog
from pydantic import BaseModel

if TYPE_CHECKING:
    from collections.abc import Iterator

log = structlog.get_logger(__name__)

MAX_WARNINGS = 20
LONGEST_NAME = 60
_SIMILARITY = 0.75


def warnings_of(request: BaseModel) -> dict[str, list[str]]:
    """Return the field `warnings` of the answer to a request: nothing where every field is known.

    There is a sentence for each unknown field, with the nearest known name. It never holds a field's value.
    """
    found = list(_unknown_fields(request, ""))
    if not found:
        return {}
    named = found[:MAX_WARNINGS]
    log.warning("unknown request fields", fields=[f"{path}{name[:LONGEST_NAME]}" for path, name, _ in named])
    warnings = [_warning(path, name, known) for path, name, known in named]
    if found[MAX_WARNINGS:]:
        warnings.append(f"{len(found) - MAX_WARNINGS} more fields are not known, and were ignored.")
    return {"warnings": warnings}


def _unknown_fields(model: BaseModel, path: str) -> Iterator[tuple[str, str, list[str]]]:
    """Yield the place of each unknown field, its name, and the names that are known there."""
    fields = type(model).model_fields
    known = [field.alias or name for name, field in fields.items()]
    for name in model.model_extra or ():  # the models keep unknown fields
        yield path, name, known
    for field, alias in zip(fields, known, strict=True):
        value = getattr(model, field)
        for index, item in enumerate(value if isinstance(value, list) else ()):
            if isinstance(item, BaseModel):
                yield from _unknown_fields(item, f"{path}{alias}[{index}].")


def _warning(path: str, name: str, known: list[str]) -> str:
    shown = name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}…"
    by_simple_name = {_simple(alias): alias for alias in known}
    nearest = get_close_matches(_simple(shown), by_simple_name, n=1, cutoff=_SIMILARITY)
    hint = f" Did you mean `{path}{by_simple_name[nearest[0]]}`?" if nearest else ""
    return f"The field `{path}{shown}` is not known, and was ignored.{hint}"


def _simple(name: str) -> str:
    return name.lower().replace("_", "")
