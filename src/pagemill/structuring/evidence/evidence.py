"""Evidence: where on the page each value of structured data stands.

A value is grounded when the page's Markdown says it, or its markup declares it. Texts are compared word by word,
numbers and dates by what they mean, in whatever form the page writes them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any

from pagemill.structuring.evidence import json_pointers, phrase_search, quantities, written_dates
from pagemill.structuring.evidence.searchable_text import Searchable, fold
from pagemill.structuring.evidence.written_dates import WrittenDates

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pagemill.model import JsonObject
    from pagemill.structuring.evidence.declared_values import Declared
    from pagemill.structuring.evidence.phrase_search import Place

LONGEST_QUOTE = 500
_LEAVES = 5000
"""So many values are looked for in the Markdown at most."""
_URL = re.compile(r"(?:https?:)?//[^\s]+|/[^\s]*|data:[^\s]+", re.IGNORECASE)
_LONGEST_MONEY = 40
_AROUND = " *_\\.,-–\u00a0\u202f"
_CODE = re.compile(r"[A-Z]{3}")


@dataclass(slots=True)
class Grounding:
    """What of some data is on the page. Keys are JSON pointers (RFC 6901) into the data."""

    evidence: dict[str, JsonObject] = field(default_factory=dict)
    """`quote`, and `start` and `end` in the Markdown, in characters; `markup: true` instead of a place where a value
    is declared in the markup alone."""
    unsupported: list[str] = field(default_factory=list)
    """Values that are not on the page."""
    inferred: list[str] = field(default_factory=list)
    """Judgements, true or false: no quote can show them."""


class Evidence:
    """Looks for values in one page."""

    def __init__(self, markdown: str, declared: Declared | None = None) -> None:
        self._markdown = markdown
        self._page = Searchable(markdown)
        self._dates = WrittenDates(self._page.folded)
        self._declared = declared
        self._quotes: dict[tuple[type, Any], JsonObject | None] = {}

    def ground(self, data: Any, placed: int = _LEAVES) -> Grounding:
        """Look for each leaf of `data`. Null and empty texts say nothing and are passed over.

        After the first `placed` values, what the markup declares is not looked for in the Markdown as well.
        """
        result = Grounding()
        for number, (pointer, value) in enumerate(json_pointers.leaves(data)):
            if value is None or (isinstance(value, str) and not value.strip()):
                continue
            if isinstance(value, bool):
                result.inferred.append(pointer)
                continue
            found = (self._quote(value) if number < placed else None) or self._declaration(value)
            if found is None and placed <= number < _LEAVES:
                found = self._quote(value)
            if found is None:
                result.unsupported.append(pointer)
            else:
                result.evidence[pointer] = found
        return result

    def find(self, value: Any) -> JsonObject | None:
        """Return the evidence for one value (a text or a number), or None where the page does not say it."""
        return self._quote(value) or self._declaration(value)

    def _quote(self, value: Any) -> JsonObject | None:
        key = (type(value), value)  # 1, 1.0 and "1" are not written alike
        if key not in self._quotes:  # data repeats itself, and what is not there takes longest to look for
            self._quotes[key] = self._look_for(value)
        return self._quotes[key]

    def _look_for(self, value: Any) -> JsonObject | None:
        place = next(self.places(value), None)
        if place is None:
            return None
        start, end = place
        return {"quote": self._markdown[start:end][:LONGEST_QUOTE], "start": start, "end": end}

    def _declaration(self, value: Any) -> JsonObject | None:
        declared = self._declared.find(value) if self._declared else None
        return {"quote": declared[:LONGEST_QUOTE], "markup": True} if declared is not None else None

    def places(self, value: Any) -> Iterator[Place]:
        """Yield where in the Markdown a value stands: offsets in characters, end exclusive."""
        if isinstance(value, str) and _URL.fullmatch(value.strip()):
            yield from self._url(value.strip())
            return
        places = self._text(value) if isinstance(value, str) else self._number(value)
        page = self._page
        for start, end in places:
            yield page.origin(start), page.origin(end, end=True)

    def _number(self, value: float) -> Iterator[Place]:
        number = quantities.as_decimal(value)
        if number is not None:
            yield from quantities.places(number, self._page)

    def _text(self, value: str) -> Iterator[Place]:
        """Word by word; else as money, a date, a currency, or the words of `CamelCase`."""
        text = self._page.folded
        stripped = value.strip()
        money = quantities.MONEY.fullmatch(stripped) if len(stripped) <= _LONGEST_MONEY else None
        if money is None or not (money["before"] or money["after"]):
            yield from self._words(stripped)
        if money is not None:
            yield from self._money(money)
        if len(stripped) <= 40 and (day := written_dates.iso_day(stripped)):
            moment = written_dates.time_of(stripped)
            for place in self._dates.places(day):
                if moment is None or written_dates.time_stands_near(moment, text, place):
                    yield place
        if _CODE.fullmatch(stripped):
            yield from self._currency(stripped)
        if stripped.isalnum() and (spaced := phrase_search.spaced_camel_case(stripped)) != stripped:
            yield from self._words(spaced)

    def _words(self, value: str) -> Iterator[Place]:
        text = self._page.folded
        folded = fold(value)
        phrase = phrase_search.Phrase(folded)
        if phrase.words:
            yield from phrase_search.places(phrase, text)
        elif folded and (position := text.find(folded)) >= 0:
            yield position, position + len(folded)

    def _money(self, money: re.Match[str]) -> Iterator[Place]:
        text = self._page.folded
        signs = [fold(sign) for sign in (money["before"], money["after"]) if sign]
        readings = quantities.readings(money["number"])
        for start, end in chain.from_iterable(quantities.places(reading, self._page) for reading in readings):
            around = text[max(0, start - 8) : start] + " " + text[end : end + 8]
            if all(any(form in around for form in _forms(sign)) for sign in signs):
                yield start, end

    def _currency(self, code: str) -> Iterator[Place]:
        text = self._page.folded
        for sign in _forms(fold(code)):
            position = text.find(sign)
            while position >= 0:
                end = position + len(sign)
                before, after = text[max(0, position - 5) : position], text[end : end + 5]
                if before.rstrip(_AROUND)[-1:].isdigit() or after.lstrip(_AROUND)[:1].isdigit():
                    yield position, end
                position = text.find(sign, end)

    def _url(self, value: str) -> Iterator[Place]:
        """As it is, else as the page may shorten it: without the scheme, or a slash at the end."""
        bare = re.sub(r"^(?:https?:)?//", "", value).rstrip("/")
        for form in (value, bare):
            position = self._markdown.find(form) if len(form) > 1 else -1
            while position >= 0:
                yield position, position + len(form)
                position = self._markdown.find(form, position + 1)
        if "/schema.org/" in value:
            for start, end in self._text(value.rsplit("/", maxsplit=1)[-1]):
                yield self._page.origin(start), self._page.origin(end, end=True)


def _forms(sign: str) -> list[str]:
    """How else a currency's folded sign or code is written: itself first."""
    code = quantities.CURRENCIES.get(sign, sign.upper())
    forms = [sign, code.lower(), *(other for other, of in quantities.CURRENCIES.items() if of == code)]
    if code in quantities.DOLLARS:
        forms.append("$")
    if code in quantities.CROWNS:
        forms.append("kr")
    if code in ("JPY", "CNY"):
        forms.append("¥")
    return list(dict.fromkeys(forms))
