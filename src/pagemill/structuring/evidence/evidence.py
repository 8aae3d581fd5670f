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
from pagemill.structuring.evidence.searchable_text import SearchableText, fold
from pagemill.structuring.evidence.written_dates import DateIndex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pagemill.model import JsonObject
    from pagemill.structuring.evidence.declared_values import DeclaredValues
    from pagemill.structuring.evidence.phrase_search import Span

MAX_QUOTE_LENGTH = 500
_MAX_VALUES = 5000
"""So many values are looked for in the Markdown at most."""
_URL = re.compile(r"(?:https?:)?//[^\s]+|/[^\s]*|data:[^\s]+", re.IGNORECASE)
_MAX_MONEY_LENGTH = 40
_TRIMMED = " *_\\.,-–\u00a0\u202f"
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

    def __init__(self, markdown: str, declared: DeclaredValues | None = None) -> None:
        self._markdown = markdown
        self._searchable = SearchableText(markdown)
        self._dates = DateIndex(self._searchable.folded)
        self._declared = declared
        self._quotes: dict[tuple[type, Any], JsonObject | None] = {}

    def ground(self, data: Any, max_quoted: int = _MAX_VALUES) -> Grounding:
        """Look for each leaf of `data`. Null and empty texts say nothing and are passed over.

        After the first `max_quoted` values, what the markup declares is not looked for in the Markdown as well.
        """
        result = Grounding()
        for number, (pointer, value) in enumerate(json_pointers.leaves(data)):
            if value is None or (isinstance(value, str) and not value.strip()):
                continue
            if isinstance(value, bool):
                result.inferred.append(pointer)
                continue
            found = (self._quote(value) if number < max_quoted else None) or self._declaration(value)
            if found is None and max_quoted <= number < _MAX_VALUES:
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
            self._quotes[key] = self._search(value)
        return self._quotes[key]

    def _search(self, value: Any) -> JsonObject | None:
        span = next(self.spans(value), None)
        if span is None:
            return None
        start, end = span
        return {"quote": self._markdown[start:end][:MAX_QUOTE_LENGTH], "start": start, "end": end}

    def _declaration(self, value: Any) -> JsonObject | None:
        declared = self._declared.find(value) if self._declared else None
        return {"quote": declared[:MAX_QUOTE_LENGTH], "markup": True} if declared is not None else None

    def spans(self, value: Any) -> Iterator[Span]:
        """Yield where in the Markdown a value stands: offsets in characters, end exclusive."""
        if isinstance(value, str) and _URL.fullmatch(value.strip()):
            yield from self._find_url(value.strip())
            return
        spans = self._find_text(value) if isinstance(value, str) else self._find_number(value)
        searchable = self._searchable
        for start, end in spans:
            yield searchable.origin(start), searchable.origin(end, end=True)

    def _find_number(self, value: float) -> Iterator[Span]:
        number = quantities.as_decimal(value)
        if number is not None:
            yield from quantities.find(number, self._searchable)

    def _find_text(self, value: str) -> Iterator[Span]:
        """Word by word; else as money, a date, a currency, or the words of `CamelCase`."""
        text = self._searchable.folded
        stripped = value.strip()
        money = quantities.MONEY.fullmatch(stripped) if len(stripped) <= _MAX_MONEY_LENGTH else None
        if money is None or not (money["before"] or money["after"]):
            yield from self._find_words(stripped)
        if money is not None:
            yield from self._find_money(money)
        if len(stripped) <= 40 and (day := written_dates.iso_day(stripped)):
            moment = written_dates.time_of(stripped)
            for span in self._dates.spans(day):
                if moment is None or written_dates.is_time_near(moment, text, span):
                    yield span
        if _CODE.fullmatch(stripped):
            yield from self._find_currency(stripped)
        if stripped.isalnum() and (spaced := phrase_search.spaced_camel_case(stripped)) != stripped:
            yield from self._find_words(spaced)

    def _find_words(self, value: str) -> Iterator[Span]:
        text = self._searchable.folded
        folded = fold(value)
        phrase = phrase_search.Phrase(folded)
        if phrase.words:
            yield from phrase_search.find(phrase, text)
        elif folded and (position := text.find(folded)) >= 0:
            yield position, position + len(folded)

    def _find_money(self, money: re.Match[str]) -> Iterator[Span]:
        text = self._searchable.folded
        signs = [fold(sign) for sign in (money["before"], money["after"]) if sign]
        readings = quantities.readings(money["number"])
        for start, end in chain.from_iterable(quantities.find(reading, self._searchable) for reading in readings):
            around = text[max(0, start - 8) : start] + " " + text[end : end + 8]
            if all(any(form in around for form in _spellings(sign)) for sign in signs):
                yield start, end

    def _find_currency(self, code: str) -> Iterator[Span]:
        text = self._searchable.folded
        for sign in _spellings(fold(code)):
            position = text.find(sign)
            while position >= 0:
                end = position + len(sign)
                before, after = text[max(0, position - 5) : position], text[end : end + 5]
                if before.rstrip(_TRIMMED)[-1:].isdigit() or after.lstrip(_TRIMMED)[:1].isdigit():
                    yield position, end
                position = text.find(sign, end)

    def _find_url(self, value: str) -> Iterator[Span]:
        """As it is, else as the page may shorten it: without the scheme, or a slash at the end."""
        bare = re.sub(r"^(?:https?:)?//", "", value).rstrip("/")
        for form in (value, bare):
            position = self._markdown.find(form) if len(form) > 1 else -1
            while position >= 0:
                yield position, position + len(form)
                position = self._markdown.find(form, position + 1)
        if "/schema.org/" in value:
            for start, end in self._find_text(value.rsplit("/", maxsplit=1)[-1]):
                yield self._searchable.origin(start), self._searchable.origin(end, end=True)


def _spellings(sign: str) -> list[str]:
    """How else a currency's folded sign or code is written: itself first."""
    code = quantities.CURRENCIES.get(sign, sign.upper())
    spellings = [sign, code.lower(), *(other for other, of in quantities.CURRENCIES.items() if of == code)]
    if code in quantities.DOLLAR_CURRENCIES:
        spellings.append("$")
    if code in quantities.KRONE_CURRENCIES:
        spellings.append("kr")
    if code in ("JPY", "CNY"):
        spellings.append("¥")
    return list(dict.fromkeys(spellings))
