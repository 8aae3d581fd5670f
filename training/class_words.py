"""The weights of words in class and id attributes: how they went with content, on other sites than the page's own."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from pagemill.extraction.vocabulary import words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pages import Page

Rates = dict[str, dict[str, float]]
"""For each domain and word: the share of content under elements with that word, less the share on all the domain."""

_SHRINKAGE = 3.0
_FEWEST_DOMAINS = 3


def rates(pages: Iterable[Page]) -> Rates:
    """Return what each domain says of each word."""
    counts: dict[str, dict[str, np.ndarray]] = defaultdict(lambda: defaultdict(lambda: np.zeros(2)))
    whole: dict[str, np.ndarray] = defaultdict(lambda: np.zeros(2))
    for page in pages:
        flat, known = page.flat, counts[page.domain]
        sums = np.zeros((2, len(page.words) + 1))
        np.cumsum(np.stack([page.words, page.words * page.label]), axis=1, out=sums[:, 1:])
        sums /= max(sums[0, -1], 1.0)
        whole[page.domain] += sums[:, -1]
        for classes, begin, end in zip(flat.classes, flat.block_begin, flat.block_end, strict=True):
            if classes and end > begin:
                below = sums[:, end] - sums[:, begin]
                for word in words_of(classes):
                    known[word] += below
    return {
        domain: {
            word: float(content / total - whole[domain][1] / whole[domain][0])
            for word, (total, content) in known.items()
            if total > 0
        }
        for domain, known in counts.items()
    }


class Weights(Mapping[str, float]):
    """The weights that some domains give the words."""

    def __init__(self, rates: Rates, domains: Iterable[str]) -> None:
        self._sum: dict[str, float] = defaultdict(float)
        self._count: Counter[str] = Counter()
        for domain in sorted(domains):
            for word, rate in sorted(rates.get(domain, {}).items()):
                self._sum[word] += rate
                self._count[word] += 1
        self._without: dict[str, float] = {}

    def without(self, own: dict[str, float]) -> Weights:
        """Return the weights without what one of the domains said, for pages of that domain."""
        other = object.__new__(Weights)
        other._sum, other._count, other._without = self._sum, self._count, own
        return other

    def __getitem__(self, word: str) -> float:
        total, count = self._sum.get(word, 0.0), self._count.get(word, 0)
        if word in self._without:
            total, count = total - self._without[word], count - 1
        if count < _FEWEST_DOMAINS:
            raise KeyError(word)
        return total / (count + _SHRINKAGE)

    def __iter__(self) -> Iterator[str]:
        return (word for word in self._sum if word in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)
