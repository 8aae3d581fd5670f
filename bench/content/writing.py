"""Measures how well extraction does on scripts that put no spaces between words, for want of reviewed pages in them.

The development pages are English. Here their words are replaced, each always by the same, with as many characters as
translations into Chinese, Japanese and Thai have, without spaces; markup, punctuation and digits stay. So the content
is where it was, and the words that are chosen can be counted as the English ones that they stand for.

    python -m bench.content.writing            # print the table
    python -m bench.content.writing --write    # and put it into bench/README.md
    python -m bench.content.writing --step 20  # every twentieth page only
"""

from __future__ import annotations

import argparse
import hashlib
import re
from typing import TYPE_CHECKING, NamedTuple

import turbohtml
from turbohtml import Text

from bench.content.extraction import pages, word_f1
from bench.readme import write_section
from pagemill.extraction import extract, pipeline
from pagemill.extraction.choosing import blocks
from pagemill.extraction.choosing.model import classifier
from pagemill.extraction.reading import document
from pagemill.fetching.verdict import Kind, classify

if TYPE_CHECKING:
    from collections.abc import Callable

_HEADING = """## Writing without spaces

`python -m bench.content.writing`: every {step}th WCXB development page (Murrough Foley, 2026, CC-BY-4.0), its words
replaced by as many characters as a translation has, without spaces; everything else stays. *F1* counts the English
words that the chosen characters stand for, *to a browser* the pages that are taken for JavaScript shells. The shipped
model has learnt from these pages, so only the difference to the first row counts."""

_ENGLISH_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_UNSPACED = "\u0e00-\u0e7f\u3000-\u9fff"
_GAP = re.compile(rf"(?<=[{_UNSPACED}]) (?=[{_UNSPACED}])")
_PUNCTUATION = {". ": "。", ", ": "，", "? ": "？", "! ": "！"}


class Script(NamedTuple):
    """How a script writes an English word."""

    characters: str
    length: Callable[[int], int]
    """From the letters of an English word to its own characters."""
    punctuation: bool
    """Whether it has its own full stops and commas."""

    def write(self, text: str) -> str:
        """Write an English text in this script."""
        for mark, own in _PUNCTUATION.items() if self.punctuation else ():
            text = text.replace(mark, own)
        return _GAP.sub("", _ENGLISH_WORD.sub(lambda match: self._word(match[0].lower()), text))

    def _word(self, word: str) -> str:
        digest = hashlib.sha256(word.encode()).digest()
        places = (int.from_bytes(digest[at : at + 2]) for at in range(0, 2 * self.length(len(word)), 2))
        return "".join(self.characters[place % len(self.characters)] for place in places)


def _letters(first: int, last: int) -> str:
    return "".join(chr(code) for code in range(first, last + 1))


# Three characters in four are syllables; in the translations that `word_count` is based on it is four in five.
_KANA = _letters(0x3041, 0x3093)
SCRIPTS = {
    "Chinese": Script(_letters(0x4E00, 0x5BB7), lambda n: 1 if n <= 3 else 2 if n <= 7 else 3, punctuation=True),
    "Japanese": Script(
        _KANA * 12 + _letters(0x4E00, 0x4E00 + 4 * len(_KANA)),
        lambda n: 1 if n <= 2 else 2 if n <= 4 else 3 if n <= 7 else 4,
        punctuation=True,
    ),
    "Thai": Script(_letters(0x0E01, 0x0E2E), lambda n: min(max(2, n - 1), 16), punctuation=False),
}


def choice_f1(html: bytes, url: str, truth: str, script: Script | None) -> float | None:
    """The F1 of the blocks chosen when the page is written in `script`; None for a page without text."""
    body = document.read(html, url).body
    flat = blocks.split(body)
    if flat is None or not flat.owner:
        return None
    texts = [""] * len(flat.owner)
    for string, block in zip(flat.strings, flat.text_block, strict=True):
        texts[block] += string
    if script is not None:
        flat.strings[:] = map(script.write, flat.strings)
    chosen = pipeline.select_content(flat, body, (), classifier.load()).selected
    return word_f1("\n".join(text for text, kept in zip(texts, chosen, strict=True) if kept), truth)


def is_shell(html: bytes, url: str, script: Script | None) -> bool:
    """Whether the page is sent to a browser when it is written in `script`."""
    tree = turbohtml.parse(html, detect_encoding=True)
    if script is not None:
        for node in list(tree.descendants):
            if isinstance(node, Text) and getattr(node.parent, "tag", "script") not in ("script", "style"):
                node.data = script.write(node.data)
    page = tree.serialize().encode("utf-8", "replace")
    content = extract(page, url, content_type="text/html; charset=utf-8")
    return classify(200, {}, page, content.signals, content.quality).kind is Kind.SHELL


def main() -> None:
    """Run the program."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--step", type=int, default=4)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    lines = ["| written as | F1 | to a browser |", "|---|--:|--:|"]
    for name, script in {"the page itself": None, **SCRIPTS}.items():
        found = [
            (choice_f1(page.html, page.url, page.truth, script), is_shell(page.html, page.url, script))
            for page in pages(options.step)
            if page.truth is not None
        ]
        scores = [score for score, _ in found if score is not None]
        shells = sum(shell for _, shell in found)
        lines.append(f"| {name} | {sum(scores) / len(scores):.3f} | {shells} of {len(found)} |")
        print(lines[-1], flush=True)
    if options.write:
        write_section("writing", _HEADING.format(step=options.step) + "\n\n" + "\n".join(lines))


if __name__ == "__main__":
    main()
