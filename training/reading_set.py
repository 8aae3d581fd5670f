"""The reading set: pages whose every block was read and given a role, read from a folder beside the project."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from rapidfuzz.distance import LCSseq

from reading_score import words_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROLES = ("title", "body", "caption", "meta", "comments", "junk")
WANTED = (0, 1, 2)
META = 3


class Record(NamedTuple):
    """One page's truth."""

    name: str
    url: str
    kind: str
    html: bytes
    wcxb: str | None
    """The name of the page in WCXB, where it is from there."""
    blocks: list[tuple[str, str]]
    """The role and the text of each block, in document order."""
    checked: frozenset[int] | None = None
    """Which of them a person gave, where the others are the model's; None where all were read."""


def read(folder: Path, *, is_foreign: bool = False) -> Iterator[Record]:
    """Read every page, in the order of the names. Raises ValueError where a foreign folder names files outside it."""
    for path in sorted((folder / "ground-truth").glob("*.json.gz")):
        record = json.loads(gzip.decompress(path.read_bytes()))
        source = (folder / record["html"]).resolve()
        if is_foreign and not source.is_relative_to(folder.resolve()):
            raise ValueError(f"{path} names a page outside of its folder: {record['html']}")
        wcxb = source.name.partition(".")[0] if source.parent.parent.name == "wcxb-dev" else None
        html = gzip.decompress(source.read_bytes())
        blocks = [(role, text) for role, text in record["blocks"]]
        checked = frozenset(record["checked"]) if "checked" in record else None
        yield Record(record["id"], record["url"], record["type"], html, wcxb, blocks, checked)


def checked_share(texts: list[str], record: Record) -> np.ndarray:
    """Return the share of the words of each of our blocks that stands in a block whose role a person gave."""
    if record.checked is None:
        return np.ones(len(texts))
    marked = [("body" if at in record.checked else "junk", text) for at, (_, text) in enumerate(record.blocks)]
    return shares(texts, marked)[ROLES.index("body")]


def shares(texts: list[str], blocks: list[tuple[str, str]]) -> np.ndarray:
    """Return (roles, blocks): the share of the words of each of our blocks that has each role.

    The words of both lists are aligned by a longest common subsequence.
    """
    numbers: dict[str, int] = {}
    ours = [words_of(text) for text in texts]
    page = [numbers.setdefault(word, len(numbers)) for words in ours for word in words]
    truth: list[int] = []
    role_of: list[int] = []
    for role, text in blocks:
        words = words_of(text)
        truth += [numbers.setdefault(word, len(numbers)) for word in words]
        role_of += [ROLES.index(role)] * len(words)
    roles = np.full(len(page), ROLES.index("junk"))
    for step in LCSseq.opcodes(page, truth):
        if step.tag == "equal":
            roles[step.src_start : step.src_end] = role_of[step.dest_start : step.dest_end]
    lengths = np.array([len(words) for words in ours], np.int64)
    found = np.zeros((len(ROLES), len(ours)))
    np.add.at(found, (roles, np.repeat(np.arange(len(ours)), lengths)), 1)
    return found / np.maximum(lengths, 1)
