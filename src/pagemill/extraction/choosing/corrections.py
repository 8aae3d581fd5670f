"""Corrections: the roles that people gave to blocks, applied to the same blocks of pages that are built alike.

A block is known again by its path: its element and those around it, each by its tag, its class names and its id. The
page is known by its host and its template. Tags must be the same; of the names of each element most must be, as some
differ from page to page (`postid-17`, `category-news`).

Everything is bounded, since paths are what pages say: their levels, their names and the length of these. Each distinct
path of a page is compared with the corrections of the same tags only.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from pagemill.extraction.choosing import template
from pagemill.extraction.choosing.article_header import ArticleHeader
from pagemill.model import BlockRole

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray
    from turbohtml import Document

    from pagemill.extraction.choosing.blocks import Blocks
    from pagemill.model import Correction

Path = tuple[tuple[str, tuple[str, ...]], ...]
"""See `Correction.path`."""

MAX_LEVELS = 12
"""How many elements a path has at most."""
MAX_NAMES = 6
"""How many names of each element it has."""
MAX_NAME_LENGTH = 40
MAX_COMPARISONS = 500_000
"""How many paths of a page are compared with those of corrections in all: a second or two of work."""
MAX_TITLE_BLOCKS = 3
"""More blocks of a page than this are no headline, whatever they were given."""
_MIN_SHARED_NAMES = 0.5
_DIGITS = re.compile(r"\d+")
_FORCED_IN = frozenset({BlockRole.BODY, BlockRole.CAPTION})


def of_page(corrections: Iterable[Correction], tree: Document) -> tuple[Correction, ...]:
    """Return the corrections of pages that are built like this one. Nothing may have changed the tree before."""
    given = tuple(corrections)
    if not given:
        return ()
    signature = template.signature(tree)
    similar: dict[tuple[int, ...], bool] = {}
    for correction in given:
        if correction.template not in similar:
            similar[correction.template] = template.is_similar(correction.template, signature)
    return tuple(correction for correction in given if similar[correction.template])


def path_of(flat: Blocks, element: int) -> Path:
    """Return the path from an element of a page outwards. The root is no part of it."""
    path: list[tuple[str, tuple[str, ...]]] = []
    while element and len(path) < MAX_LEVELS:
        path.append((flat.tags[element][:MAX_NAME_LENGTH], _names(flat.classes[element], flat.ids[element])))
        element = flat.parent[element]
    return tuple(path)


def _names(classes: str, identifier: str) -> tuple[str, ...]:
    """Return the class names of an element, and its id, with their digits as one. Long ones are cut."""
    found = [_DIGITS.sub("0", name)[:MAX_NAME_LENGTH] for name in classes.split()[:MAX_NAMES]]
    if identifier:
        found.append(f"#{_DIGITS.sub('0', identifier)[:MAX_NAME_LENGTH]}")
    return tuple(dict.fromkeys(found))[-MAX_NAMES:]


def text_digest(text: str) -> str:
    """Return what a text is known by again: its words in lower case, with their digits as one."""
    folded = _DIGITS.sub("0", " ".join(text.lower().split()))
    return hashlib.sha256(folded.encode("utf-8", "replace")).hexdigest()[:32]


def find(flat: Blocks, corrections: Sequence[Correction]) -> dict[int, Correction]:
    """Return the correction of each block that has one. One of the block's text goes before one of all on its path.

    Of several the last one counts. Blocks are left out whose paths come after `MAX_COMPARISONS`.
    """
    by_path: dict[Path, list[int]] = defaultdict(list)
    for number, correction in enumerate(corrections):
        by_path[correction.path].append(number)
    by_tags: dict[tuple[str, ...], list[Path]] = defaultdict(list)
    for path in by_path:
        by_tags[tuple(tag for tag, _ in path)].append(path)
    known: dict[Path, dict[str | None, Correction]] = {}
    of_owner: dict[int, dict[str | None, Correction]] = {}
    found: dict[int, Correction] = {}
    compared = 0
    for block, owner in enumerate(flat.owner):
        if owner not in of_owner:
            path = path_of(flat, owner)
            if path not in known:
                candidates = by_tags.get(tuple(tag for tag, _ in path), [])
                compared += len(candidates)
                if compared > MAX_COMPARISONS:
                    candidates = []
                numbers = sorted(number for other in candidates if _is_same(path, other) for number in by_path[other])
                known[path] = {corrections[number].text: corrections[number] for number in numbers}
            of_owner[owner] = known[path]
        chosen = _of_block(flat, block, of_owner[owner])
        if chosen is not None:
            found[block] = chosen
    return found


def _of_block(flat: Blocks, block: int, by_text: Mapping[str | None, Correction]) -> Correction | None:
    whole = by_text.get(None)
    if len(by_text) == (whole is not None):
        return whole
    return by_text.get(text_digest("".join(flat.strings[flat.texts_of(block)])), whole)


def _is_same(one: Path, other: Path) -> bool:
    """Whether most of the names of each element are the same. The tags are."""
    for (_, mine), (_, theirs) in zip(one, other, strict=True):
        if mine == theirs:
            continue
        first, second = set(mine), set(theirs)
        if len(first & second) < _MIN_SHARED_NAMES * len(first | second):
            return False
    return True


def apply(
    selected: NDArray[np.bool_], roles: Mapping[int, BlockRole], *, include_comments: bool = False
) -> NDArray[np.bool_]:
    """Return `selected` as the roles of some blocks say."""
    result = selected.copy()
    for block, role in roles.items():
        result[block] = role in _FORCED_IN or (include_comments and role is BlockRole.COMMENTS)
    return result


def apply_to_header(header: ArticleHeader, roles: Mapping[int, BlockRole]) -> ArticleHeader:
    """Return a header as the roles of some blocks say: with those that are called so, without those that are not."""
    given = [block for block in sorted(roles) if roles[block] is BlockRole.TITLE][:MAX_TITLE_BLOCKS]
    title = given or [block for block in header.title if block not in roles]
    meta = {block for block in header.meta if block not in roles}
    meta.update(block for block, role in roles.items() if role is BlockRole.META)
    return ArticleHeader(
        title=tuple(title),
        meta=tuple(sorted(meta - set(title))),
        signature=tuple(block for block in header.signature if block not in roles),
        site=tuple(block for block in header.site if block not in roles),
    )


def settle_log_odds(log_odds: NDArray[np.float64], roles: Mapping[int, BlockRole]) -> None:
    """Set the log-odds of being headline and byline (two rows) as the roles of some blocks say."""
    for block, role in roles.items():
        log_odds[0, block] = np.inf if role is BlockRole.TITLE else -np.inf
        log_odds[1, block] = np.inf if role is BlockRole.META else -np.inf
