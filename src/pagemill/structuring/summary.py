"""A page's summary without a model: its own description, else its first sentences."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

_MARKS = re.compile(
    r"!?\[([^\]\n]*)\]\((?:[^()\n]|\([^()\n]*\))*\)|[*_`~\\]+|^#+ +|^> ?|^[-+*] +|^\d+[.)] +", re.MULTILINE
)
# A sentence ends at a full stop before a space and what is no small letter: not in "3.5" or "e.g. this".
_END = r"(?:[.!?](?=[\"'”’)]*(?:\s+[^\sa-zß-öø-ÿ]|\s*$))|[。！？])"
_SENTENCE = re.compile(rf"(?:(?!{_END}).)*+{_END}[\"'”’)]*", re.DOTALL)
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
        for match in _SENTENCE.finditer(paragraph):
            sentences.append(match[0].strip())
            length = sum(len(sentence) for sentence in sentences)
            if len(sentences) >= _MOST or (len(sentences) >= _LEAST and length >= _ENOUGH):
                return Summary(" ".join(sentences)[:_LONGEST], SummarySource.TEXT)
    text = " ".join(sentences) or description or next(iter(_paragraphs(markdown, shortest=1)), "")
    return Summary(text[:_LONGEST], SummarySource.TEXT if text != description else SummarySource.DESCRIPTION)


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
