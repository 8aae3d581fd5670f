"""Adds to the content those facts of its product that it does not contain."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from turbohtml import Element, Text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pagemill.extraction.products.facts import Fact

_AMOUNT = re.compile(r"\d[\d.,'\u2019\u00a0\u202f ]*\d|\d")
_NO_DIGITS = re.compile(r"\D+")
_WORD = re.compile(r"\w+")
_CENTS = re.compile(r"[.,](\d\d?)$")


def missing_facts(facts: Iterable[Fact], text: str) -> list[Fact]:
    """The facts of which a value is not in a text. Prices are compared as amounts: `1.299,00` is `1299.00`."""
    shown = text.lower()
    facts = list(facts)
    has_price = any(fact.name == "Price" for fact in facts)
    amounts = set(map(_amount, set(_AMOUNT.findall(text)))) if has_price else set()
    return [
        fact
        for fact in facts
        if any(
            _amount(value) not in amounts if fact.name == "Price" else not _says(shown, value) for value in fact.values
        )
    ]


def insert(body: Element, facts: list[Fact]) -> None:
    """Insert the facts that the text of `body` does not contain as a list: after the title, or first of all."""
    missing = missing_facts(facts, " ".join(body.strings)) if facts else []
    if not missing:
        return
    items = [Element("li", children=[Text(f"{fact.name}: {fact.value}")]) for fact in missing]
    listed = Element("ul", children=items)
    title = body.find("h1")
    if title is not None:
        title.insert_after(listed)
    else:
        body.insert(0, listed)


def _says(shown: str, value: str) -> bool:
    """Whether a text in lower case has the words of a value one after the other, whatever stands between them."""
    words = _WORD.findall(value.lower())
    if not words:
        return False
    said = re.compile(r"(?<!\w)" + r"\W++".join(words) + r"(?!\w)")
    place = shown.find(words[0])
    while place >= 0:
        if said.match(shown, place):
            return True
        place = shown.find(words[0], place + 1)
    return False


def _amount(written: str) -> Decimal:
    """The amount that is written with any separators."""
    cents = _CENTS.search(written)
    whole = _NO_DIGITS.sub("", written[: cents.start()] if cents else written)
    return Decimal(f"{whole or 0}.{cents[1] if cents else 0}")
