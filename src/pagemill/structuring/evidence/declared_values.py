"""The values that a page's markup declares, to look others up among."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pagemill.structuring.evidence import quantities, written_dates
from pagemill.structuring.evidence.searchable_text import fold

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

_NOT_WORD = re.compile(r"[\W_]+")
_SCHEMA_ORG = re.compile(r"https?://schema\.org/", re.IGNORECASE)
_DIGIT = re.compile(r"\d")
_MAX_DATE_LENGTH = 40
_MAX_VALUES = 5000


@dataclass(slots=True)
class DeclaredValues:
    """What markup says, by the form in which values are compared."""

    texts: dict[str, str] = field(default_factory=dict)
    """From the letters and digits of a value alone to the value as it is declared."""
    numbers: dict[Decimal, str] = field(default_factory=dict)

    @classmethod
    def of(cls, facts: Any) -> DeclaredValues:
        """Collect the values of nested objects and lists."""
        found = cls()
        for number, value in enumerate(_leaves(facts)):
            if number >= _MAX_VALUES:
                break
            found.add(value)
        return found

    def add(self, value: Any) -> None:
        """Add one value."""
        if isinstance(value, bool) or value is None:
            return
        text = str(value)
        self.texts.setdefault(_key(text), text)
        has_digit = len(text) <= _MAX_DATE_LENGTH and _DIGIT.search(text) is not None
        if has_digit and (day := written_dates.iso_day(text)):
            self.texts.setdefault(_key(day), text)
        if isinstance(value, (int, float)):
            number = quantities.as_decimal(value)
            readings = [number] if number is not None else []
        elif has_digit and (money := quantities.MONEY.fullmatch(text)):
            readings = quantities.readings(money["number"])
        else:
            readings = []
        for reading in readings:
            self.numbers.setdefault(reading, text)

    def find(self, value: Any) -> str | None:
        """Return the declared value that says the same as this one, or None."""
        if isinstance(value, (int, float)):
            number = quantities.as_decimal(value)
            return self.numbers.get(number) if number is not None else None
        text = str(value)
        found = self.texts.get(_key(text))
        if found is None and len(text) <= 40 and (match := quantities.MONEY.fullmatch(text)):
            readings = quantities.readings(match["number"])
            found = next((self.numbers[reading] for reading in readings if reading in self.numbers), None)
        if found is None and (day := written_dates.iso_day(text)) and written_dates.time_of(text) is None:
            found = self.texts.get(_key(day))
        return found


def _key(text: str) -> str:
    plain = _SCHEMA_ORG.sub("", text) if "schema.org" in text else text
    return _NOT_WORD.sub("", plain.lower() if plain.isascii() else fold(plain)) or text.strip()


def _leaves(facts: Any) -> Iterator[Any]:
    if isinstance(facts, dict):
        for value in facts.values():
            yield from _leaves(value)
    elif isinstance(facts, (list, tuple)):
        for value in facts:
            yield from _leaves(value)
    else:
        yield facts
