"""Cuts Markdown that has too many tokens, where the part that is kept stays whole Markdown.

It is cut between blocks, list items and table rows. A code block may be cut between two lines, and is closed then. A
paragraph is cut only where little else would be kept, between two words before its first markup. Definitions of
reference links stand at the end: those that the kept part uses are kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pagemill.extraction.postprocessing.token_estimate import UNIT, prefix_units, tokens, units

if TYPE_CHECKING:
    from collections.abc import Iterator

_FENCE = re.compile(r"((?:[ >]|[-*+][ ]|\d{1,9}[.)][ ])*)(`{3,}(?=[^`]*$)|~{3,})(.*)$")
_ITEM = re.compile(r"[ >]*(?:[-*+]|\d{1,9}[.)])[ ]")
_ROW = re.compile(r"[ >]*+(?:(?:[-*+][ ]|\d{1,9}[.)][ ])[ >]*+)?\|")
_LINE = re.compile(r"[^\n]*\n|[^\n]+\Z")
_BLANK = re.compile(r"[ >]*$")
_DEFINITION = re.compile(r"\[([^\]\n]+)\]: ")
_REFERENCE = re.compile(r"\]\[([^\]\n]+)\]|\[([^\[\]\n]+)\](?![(\[:])")
_MARKUP = re.compile(r"[\\`*_\[\]<>$|~&!#]")
_WORD_END = re.compile(r"(?<=\s)|(?<=[\u3040-\u30ff\u3400-\u9fff。，、！？])")
_TABLE_HEAD = 2
"""The lines of a table before its first row."""


@dataclass(frozen=True, slots=True)
class Truncated:
    """Markdown within a limit."""

    text: str
    is_cut: bool


@dataclass(frozen=True, slots=True)
class _Cut:
    """Where Markdown may end: how many characters are kept, and what closes an open code block."""

    end: int
    closing: str = ""


def truncate(markdown: str, max_tokens: int, *, before: str = "") -> Truncated:
    """Return Markdown that has at most so many tokens, at least `MIN_TOKENS`, together with the text `before` it.

    Where it is cut, its last line says so. `before` is not part of the result, and leaves room for that line.
    """
    if tokens(before + markdown) <= max_tokens:
        return Truncated(markdown, is_cut=False)
    note = _note(max_tokens, tokens(before + markdown))
    room = max_tokens * UNIT - units(before) - units(f"\n\n{note}\n")
    content, definitions = _split_definitions(markdown)
    kept = _fitting(content, definitions, room)
    return Truncated(f"{kept}\n\n{note}\n" if kept else f"{note}\n", is_cut=True)


def _note(max_tokens: int, of: int) -> str:
    return f"[Cut after {max_tokens} of about {of} tokens.]"


def _split_definitions(markdown: str) -> tuple[str, dict[str, str]]:
    """Return the Markdown before its link reference definitions, and those by label."""
    start = len(markdown)
    definitions = {}
    for line in reversed(_LINE.findall(markdown)):
        match = _DEFINITION.match(line)
        if match is None and line.strip():
            break
        if match is not None:
            definitions[match[1]] = line.rstrip("\n")
        start -= len(line)
    return (markdown[:start], definitions) if definitions else (markdown, {})


def _fitting(content: str, definitions: dict[str, str], room: int) -> str:
    """Return the longest beginning that fits with the definitions it uses."""
    costs = prefix_units(content)
    best = _Cut(0)
    used: dict[str, str] = {}
    extra = start = best_used = best_extra = 0
    for cut in _cuts(content):
        if costs[cut.end] > room:
            break
        for label in _labels(content[start : cut.end]) if definitions else ():
            if label in definitions and label not in used:
                extra += units(f"\n{definitions[label]}" if used else f"\n\n{definitions[label]}")
                used[label] = definitions[label]
        start = cut.end
        if costs[cut.end] + extra + (units(f"\n{cut.closing}") if cut.closing else 0) <= room:
            best, best_used, best_extra = cut, len(used), extra
    kept = content[: best.end].rstrip("\n") + (f"\n{best.closing}" if best.closing else "")
    if not best.closing and 2 * costs[best.end] < room:
        kept = _with_paragraph(kept, content[best.end :], room - best_extra)
    return "\n\n".join(part for part in (kept, "\n".join(list(used.values())[:best_used])) if part)


def _labels(text: str) -> Iterator[str]:
    for match in _REFERENCE.finditer(text):
        yield match[1] or match[2]


def _cuts(text: str) -> Iterator[_Cut]:
    """Where the Markdown may be cut, in order."""
    position, fence, closing, rows, after_blank, in_formula = 0, "", "", 0, False, False
    for line in _LINE.findall(text):
        content = line.rstrip("\n")
        match = _FENCE.match(content)
        if fence:
            if match and match[2].startswith(fence) and not match[3].strip():
                fence = ""
            elif position:
                yield _Cut(position, closing)
        elif not in_formula:
            rows = rows + 1 if _ROW.match(content) else 0
            if position and (after_blank or _ITEM.match(content) or rows > _TABLE_HEAD + 1):
                yield _Cut(position)
            if match:
                fence, closing = match[2], re.sub(r"[^ >]", " ", match[1]) + match[2]
        if not fence and content.count("$$") % 2:
            in_formula = not in_formula
        after_blank = _BLANK.match(content) is not None
        position += len(line)
    if not fence:
        yield _Cut(position)


def _with_paragraph(kept: str, rest: str, room: int) -> str:
    """Add the beginning of the paragraph that follows, up to its first markup, as far as it fits."""
    paragraph = rest.lstrip("\n").partition("\n\n")[0]
    if _ITEM.match(paragraph) or _ROW.match(paragraph) or _FENCE.match(paragraph.partition("\n")[0]):
        return kept
    match = _MARKUP.search(paragraph)
    plain = paragraph[: match.start()] if match else paragraph
    start = f"{kept}\n\n" if kept else ""
    costs = prefix_units(start + plain)[len(start) :]
    longest = int((costs <= room).sum()) - 1
    ends = [end.start() for end in _WORD_END.finditer(plain, 0, max(0, longest))]
    words = plain[: ends[-1]].strip() if ends else ""
    return start + words if words else kept
