"""Declared values as a schema wants them: numbers out of texts, days out of dates, booleans out of words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from pagemill.structuring.evidence import quantities, written_dates

if TYPE_CHECKING:
    from decimal import Decimal

    from pagemill.model import JsonObject

_TRUE_WORDS = frozenset(
    "true yes y 1 instock available inStoreOnly onlineonly limitedavailability in backorder preorder".lower().split()
)
_FALSE_WORDS = frozenset(["false", "no", "n", "0", "outofstock", "soldout", "unavailable", "discontinued", "out"])
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")


def coerce(value: Any, schema: JsonObject, base_url: str = "") -> Any:
    """Return a scalar as a schema's type and format want it, or None where it cannot be read so."""
    if isinstance(value, dict):
        value = value.get("name") or value.get("url") or value.get("value") or value.get("text")
    if value is None or isinstance(value, dict | list):
        return None
    if "const" in schema or "enum" in schema:
        return _one_of(value, [schema["const"]] if "const" in schema else schema["enum"])
    kind = schema.get("type")
    if kind in ("number", "integer"):
        return _number(value, whole=kind == "integer")
    if kind == "boolean":
        return value if isinstance(value, bool) else _boolean(str(value))
    if kind in ("string", None):
        return _text(value, schema.get("format"), base_url) if kind else value
    return None


def _one_of(value: Any, options: list[Any]) -> Any:
    wanted = _normalized(value)
    return next((option for option in options if option == value or _normalized(option) == wanted), None)


def _normalized(value: Any) -> str:
    return re.sub(r"[\W_]+", "", str(value)).lower()


def _number(value: Any, *, whole: bool) -> int | float | None:
    if isinstance(value, bool):
        return None
    number = quantities.as_decimal(value) if isinstance(value, int | float) else quantities.first_number(value)
    return plain_number(number, whole=whole) if number is not None else None


def plain_number(number: Decimal, *, whole: bool = False) -> int | float | None:
    """Return a decimal as JSON has it, an integer where it is one; None where `whole` is wanted and it is not."""
    if number == number.to_integral_value():
        return int(number)
    return None if whole else float(number)


def _boolean(text: str) -> bool | None:
    word = _normalized(text)
    return True if word in _TRUE_WORDS else False if word in _FALSE_WORDS else None


def _text(value: Any, form: Any, base_url: str) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value).strip()
    if form == "date":
        day = written_dates.iso_day(text)
        return day if day and len(day) == 10 else None
    if form == "date-time":
        return text if _DATE_TIME.fullmatch(text) else None
    if form in ("uri", "uri-reference", "url"):
        return urljoin(base_url, text) if text and " " not in text else None
    if form == "email":
        return text.removeprefix("mailto:") if "@" in text else None
    return text or None
