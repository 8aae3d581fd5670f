"""The pages to learn from, read from folders beside the project.

WCXB (Murrough Foley, 2026; CC-BY-4.0) has plain-text truth, the reading set a role for each block. A page that is in
both is learnt by its roles.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np
from publicsuffix2 import get_sld

import reading_set
from labels import label
from pagemill.extraction.choosing import blocks
from pagemill.extraction.choosing.features import phrases, text_statistics, title_match
from pagemill.extraction.pipeline import hidden_mask
from pagemill.extraction.reading import document, normalization
from pagemill.extraction.reading.markup_names import MarkupNames

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from pagemill.extraction.choosing.features.phrases import Phrases

FOLDS = 5
_READ, _WCXB = 1.5, 0.4  # how much a page counts whose blocks were read, and one of which only WCXB's text is known
_DISGUISED = 0.5
_UNCHECKED = 0.2
"""How much a block of a corrected page counts whose role is the model's own: it only keeps the rest as it is."""
_HEADLINE = 0.5  # the product of shares from which a block is taken for the headline
_WORD = re.compile(r"\w+")


@dataclass(slots=True)
class Page:
    """One page, split into blocks, with its labels."""

    name: str
    kind: str
    html: bytes
    url: str
    truth: list[str] | None
    """The words of WCXB's ground truth; None for a page that is not in it."""
    welcome: list[str]
    """The words that WCXB's truth leaves out and no reader minds: title, author, captions."""
    domain: str
    """The registrable domain; all pages of one are in the same fold."""
    fold: int
    flat: blocks.Blocks
    hidden: NDArray[np.float64]
    words: NDArray[np.float64]
    """The number of words of each block."""
    phrases: Phrases
    titles: tuple[str, ...]
    language: str
    """The first subtag of `<html lang>`; empty where there is none."""
    label: NDArray[np.float64]
    """The part of each block's words that is content, from 0 to 1."""
    roles: NDArray[np.float64] | None
    """(roles, blocks): the part of each block's words that has each role; None for a page without."""
    record: reading_set.Record | None
    trust: NDArray[np.float64]
    """How much each block counts for beside the others, by who gave its role."""
    weight: float = 1.0
    """How much the page counts for in training."""

    @property
    def is_corrected(self) -> bool:
        """Whether only some of its roles are those that a person gave: it serves to learn, not to measure."""
        return self.record is not None and self.record.checked is not None


def words_of(text: str) -> list[str]:
    """Return the words that WCXB's score counts."""
    return _WORD.findall(text.lower())


def importance_of(page: Page) -> NDArray[np.float64]:
    """Return the weight of each block: what its words count for in the page's F1, within limits.

    Bylines and dates are welcome and not missed: they count for nothing where the role is known. Where only plain text
    is known, headlines that it leaves out count for nothing: WCXB leaves out many that readers want.
    """
    words = page.words + 0.5
    share = words / (words.sum() + (page.words * page.label).sum() + 1)
    importance = page.weight * page.trust * np.minimum(600 * share, 60)
    if page.roles is not None:
        return importance * (1 - page.roles[reading_set.META])
    match = title_match.match(page.flat, text_statistics.count(page.flat).characters, page.titles)
    is_headline = (match.block_share * match.title_share >= _HEADLINE) & (page.label < 0.5)
    return np.where(is_headline, 0.0, importance)


def word_f1(predicted: list[str], truth: list[str], welcome: Sequence[str] = ()) -> float:
    """Return the F1 of two bags of words; 1 where both are empty. Words of `welcome` are neither wanted nor wrong."""
    found, wanted = Counter(predicted), Counter(truth)
    counted = len(predicted) - ((found - wanted) & Counter(welcome)).total()
    if not counted or not truth:
        return float(not counted and not truth)
    return 2 * (found & wanted).total() / (counted + len(truth))


def read(wcxb: Path, reading: Path, step: int = 1, corrections: Path | None = None) -> Iterator[Page]:
    """Read every page of both sets, or one of each `step`, in the order of the names. A page of both comes once.

    `corrections`: a folder of corrected pages, in folders of the reading set's form. All of them are read.
    """
    for folder in sorted(path.parent for path in corrections.rglob("ground-truth")) if corrections else ():
        for record in reading_set.read(folder, is_foreign=True):
            yield _page(f"{folder.name}/{record.name}", record.kind, record.html, record.url, None, record)
    known: set[str] = set()
    for number, record in enumerate(reading_set.read(reading) if reading.is_dir() else ()):
        truth = None
        if record.wcxb is not None:
            known.add(record.wcxb)
            truth = json.loads((wcxb / "ground-truth" / f"{record.wcxb}.json").read_text())["ground_truth"]
        if number % step == 0:
            yield _page(record.name, record.kind, record.html, record.url, truth, record)
    for number, path in enumerate(sorted((wcxb / "ground-truth").glob("*.json"))):
        if path.stem not in known and number % step == 0:
            record = json.loads(path.read_text())
            html = gzip.decompress((wcxb / "html" / f"{path.stem}.html.gz").read_bytes())
            yield _page(path.stem, _kind(record), html, record.get("url") or "", record["ground_truth"], None)


def disguised(page: Page) -> Page:
    """Return a page without what may change while its content stays: names of classes, and titles in its head."""
    flat = replace(page.flat, classes=[""] * len(page.flat.classes), ids=[""] * len(page.flat.ids))
    return replace(page, flat=flat, titles=(), weight=page.weight * _DISGUISED)


def _page(  # noqa: PLR0913, PLR0917 - what the two sets have in common
    name: str, kind: str, html: bytes, url: str, truth: dict[str, Any] | None, record: reading_set.Record | None
) -> Page:
    page = document.read(html, url)
    names = MarkupNames(page.body)
    normalization.normalize(page.body, names)
    normalization.remove_boxes(page.body, names)
    flat = blocks.split(page.body)
    if flat is None:
        raise ValueError(name)
    host = urlsplit(url).hostname or ""
    domain = get_sld(host) or host or name
    texts = [""] * len(flat.owner)
    for string, block in zip(flat.strings, flat.text_block, strict=True):
        texts[block] += string
    statistics = text_statistics.count(flat) if texts else None
    roles = reading_set.shares(texts, record.blocks) if record is not None else None
    if roles is not None:
        content = roles[list(reading_set.WANTED)].sum(axis=0)
    else:
        content = label([words_of(text) for text in texts], words_of((truth or {}).get("main_content") or ""))
    root = page.tree.root
    return Page(
        name=name,
        kind=kind,
        html=html,
        url=url,
        truth=None if truth is None else words_of(truth.get("main_content") or ""),
        welcome=words_of("\n".join(_welcome(truth or {}, record))),
        domain=domain,
        fold=int(hashlib.sha256(domain.encode()).hexdigest(), 16) % FOLDS,
        flat=flat,
        hidden=hidden_mask(page.body, flat),
        words=statistics.words if statistics else np.empty(0),
        phrases=phrases.read(flat, statistics.characters if statistics else np.empty(0)),
        titles=page.index.titles,
        language=((root.attr("lang") if root is not None else "") or "")[:2].lower(),
        label=content,
        roles=roles,
        record=record,
        trust=_trust(texts, record),
        weight=_READ if record is not None else _WCXB,
    )


def _trust(texts: list[str], record: reading_set.Record | None) -> NDArray[np.float64]:
    if record is None:
        return np.ones(len(texts))
    return np.where(reading_set.checked_share(texts, record) > 0.5, 1.0, _UNCHECKED)


def _welcome(truth: dict[str, Any], record: reading_set.Record | None) -> Iterator[str]:
    yield truth.get("title") or ""
    yield truth.get("author") or ""
    if record is not None:
        yield from (text for role, text in record.blocks if role in {"title", "meta", "caption"})


def _kind(record: dict) -> str:
    kind = (record.get("_internal") or {}).get("page_type") or {}
    kind = kind.get("primary", "article") if isinstance(kind, dict) else kind
    return {"category": "collection"}.get(kind, kind)
