"""The training pages: WCXB (Murrough Foley, 2026; CC-BY-4.0), read from a folder beside the project."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import numpy as np
from publicsuffix2 import get_sld

from labels import label
from pagemill.extraction.choosing import blocks
from pagemill.extraction.choosing.features import text_statistics
from pagemill.extraction.pipeline import hidden_mask
from pagemill.extraction.reading import document

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

FOLDS = 5
_WORD = re.compile(r"\w+")


@dataclass(slots=True)
class Page:
    """One page, split into blocks, with its labels."""

    name: str
    kind: str
    html: bytes
    url: str
    truth: list[str]
    """The words of the ground truth."""
    domain: str
    """The registrable domain; all pages of one are in the same fold."""
    fold: int
    flat: blocks.Blocks
    hidden: NDArray[np.float64]
    words: NDArray[np.float64]
    """The number of words of each block."""
    label: NDArray[np.float64]
    """The share of each block's words that is content, from 0 to 1."""


def words_of(text: str) -> list[str]:
    """Return the words that the score counts."""
    return _WORD.findall(text.lower())


def importance_of(page: Page) -> NDArray[np.float64]:
    """Return the weight of each block: its influence on the page's F1, within limits."""
    words = page.words + 0.5
    return np.minimum(600 * words / (words.sum() + len(page.truth)), 60)


def word_f1(predicted: list[str], truth: list[str]) -> float:
    """Return the F1 of two bags of words; 1 where both are empty."""
    if not predicted or not truth:
        return float(not predicted and not truth)
    overlap = sum((Counter(predicted) & Counter(truth)).values())
    return 2 * overlap / (len(predicted) + len(truth))


def read(folder: Path) -> Iterator[Page]:
    """Read every page, in the order of the names."""
    for path in sorted((folder / "ground-truth").glob("*.json")):
        record = json.loads(path.read_text())
        html = gzip.decompress((folder / "html" / f"{path.stem}.html.gz").read_bytes())
        yield _page(path.stem, record, html)


def _page(name: str, record: dict, html: bytes) -> Page:
    url = record.get("url") or ""
    page = document.read(html, url)
    flat = blocks.split(page.body)
    if flat is None:
        raise ValueError(name)
    truth = words_of(record["ground_truth"].get("main_content") or "")
    host = urlsplit(url).hostname or ""
    domain = get_sld(host) or host or name
    texts = [""] * len(flat.owner)
    for string, block in zip(flat.strings, flat.text_block, strict=True):
        texts[block] += string
    return Page(
        name=name,
        kind=_kind(record),
        html=html,
        url=url,
        truth=truth,
        domain=domain,
        fold=int(hashlib.sha256(domain.encode()).hexdigest(), 16) % FOLDS,
        flat=flat,
        hidden=hidden_mask(page.body, flat),
        words=text_statistics.count(flat).words if texts else np.empty(0),
        label=label([words_of(text) for text in texts], truth),
    )


def _kind(record: dict) -> str:
    kind = (record.get("_internal") or {}).get("page_type") or {}
    kind = kind.get("primary", "article") if isinstance(kind, dict) else kind
    return {"category": "collection"}.get(kind, kind)
