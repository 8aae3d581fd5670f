"""A page's summary without a model: its own description, else its first sentences."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_MARKS = re.compile(
    r"!?\[([^\[\]\n]{0,500})\]\((?:[^()\n]|\([^()\n]{0,100}\)){0,500}\)"
    r"|[*_`~\\]+|^#+ +|^> ?|^[-+*] +|^\d+[.)] +",
    re.MULTILINE,
)
# A sentence ends at a full stop before a space and what is no small letter: not in "3.5" or "e.g. this".
_END = re.compile(r"(?:[.!?](?=[\"'”’)]{0,3}(?:\s[^\sa-zß-öø-ÿ]|$))|[。！？])[\"'”’)]{0,3}")
_LEAST, _MOST = 2, 4
_SHORTEST = 40
_ENOUGH, _LONGEST = 280, 800


class SummarySource(StrEnum):
    """Where a summary came from; the values are those of the wire."""

    MODEL = "model"
    DESCRIPTION = "description"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Summary:
    """A summary, and where it came from."""

    text: str
    source: SummarySource


def without_model(markdown: str, description: str | None) -> Summary:
    """Return the page's description, where it says something, else the first two to four sentences of the page."""
    if description and len(description) >= _SHORTEST:
        return Summary(description, SummarySource.DESCRIPTION)
    sentences: list[str] = []
    for paragraph in _paragraphs(markdown):
        for sentence in _sentences(paragraph):
            sentences.append(sentence)
            length = sum(len(sentence) for sentence in sentences)
            if len(sentences) >= _MOST or (len(sentences) >= _LEAST and length >= _ENOUGH):
                return Summary(" ".join(sentences)[:_LONGEST], SummarySource.TEXT)
    text = " ".join(sentences) or description or next(iter(_paragraphs(markdown, shortest=1)), "")
    return Summary(text[:_LONGEST], SummarySource.TEXT if text != description else SummarySource.DESCRIPTION)


def _sentences(paragraph: str) -> Iterator[str]:
    start = 0
    for end in _END.finditer(paragraph):
        yield paragraph[start : end.end()].strip()
        start = end.end()


def _paragraphs(markdown: str, shortest: int = _SHORTEST) -> list[str]:
    """The paragraphs that are prose, without Markdown's marks."""
    found = []
    for block in markdown[:50_000].split("\n\n"):
        if block.lstrip().startswith(("#", "|", "```", "~~~")) and shortest > 1:
            continue
        text = " ".join(_MARKS.sub(r"\1", block).split())
        if len(text) >= shortest:
            found.append(text)
    return found
