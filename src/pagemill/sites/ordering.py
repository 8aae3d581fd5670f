"""Which URLs come first: by a text that they are to be about (BM25), by their sitemap's priority, by their depth."""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Sequence

_WORD = re.compile(r"\w+")
_K1, _B = 1.2, 0.75
_DEPTH_COST = 0.1
_DEFAULT_PRIORITY = 0.5
_MOST_OF_QUERY = 4.0
MAX_QUERY = 1000


def words(text: str) -> list[str]:
    """The words of a text, in lower case, without a final `s`."""
    return [word.removesuffix("s") if len(word) > 3 else word for word in _WORD.findall(text.lower())]


def url_words(url: str) -> list[str]:
    """The words of a URL's path and query."""
    return words(unquote(url.partition("://")[2].partition("/")[2]).replace("_", " "))


def relevance(query: str, documents: Sequence[Sequence[str]]) -> list[float]:
    """How much each document, given by its words, is about a query: BM25, 0 where it has none of its words."""
    asked = set(words(query))
    lengths = [len(document) for document in documents]
    average = sum(lengths) / len(lengths) if lengths else 1.0
    counts = [Counter(word for word in document if word in asked) for document in documents]
    having = Counter(word for count in counts for word in count)
    weights = {word: math.log(1 + (len(documents) - number + 0.5) / (number + 0.5)) for word, number in having.items()}
    scores = []
    for count, length in zip(counts, lengths, strict=True):
        norm = _K1 * (1 - _B + _B * length / (average or 1.0))
        scores.append(sum(weights[word] * number * (_K1 + 1) / (number + norm) for word, number in count.items()))
    return scores


def similarity(query: str, text: Sequence[str]) -> float:
    """The share of a query's words that a text has, from 0 to 1: for texts that come one by one."""
    asked = set(words(query))
    return len(asked.intersection(text)) / len(asked) if asked else 0.0


def priority(depth: int, sitemap_priority: float | None, likeness: float | None) -> float:
    """How soon a URL is crawled, the highest first. `likeness` is its `similarity` to the crawl's query."""
    given = _DEFAULT_PRIORITY if sitemap_priority is None else min(1.0, max(0.0, sitemap_priority))
    return given - _DEPTH_COST * depth + _MOST_OF_QUERY * (likeness or 0.0)
