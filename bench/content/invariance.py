"""Counts the pages whose content changes with what should not matter: the address, the order of attributes, wrappers …

    python -m bench.content.invariance            # print the table
    python -m bench.content.invariance --write    # and put it into bench/README.md
    python -m bench.content.invariance --step 10  # every tenth page only

Each page of the reading set is extracted as it is and changed, and the Markdown is compared.
"""

from __future__ import annotations

import argparse
import re
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench.content.extraction import pages, word_f1
from bench.readme import write_section
from pagemill.extraction import extract
from pagemill.extraction.reading import document
from pagemill.model import Format

if TYPE_CHECKING:
    from collections.abc import Callable

URL = "https://valley.example/news/2024/water/story.html"
ADDRESSES = ("https://a.example/", "https://b.example/c/d-e?f=1")
_OWN = re.compile(r"https://[ab]\.example/[^)\s]*")
_TYPE = "text/html; charset=utf-8"
_START_TAG = re.compile(r"<([a-zA-Z][a-zA-Z0-9]*)((?:\s+[^\s=<>/\"']+(?:\s*=\s*(?:\"[^\"<>]*\"|'[^'<>]*'))?)+)\s*>")
_ATTRIBUTE = re.compile(r"\s+[^\s=<>/\"']+(?:\s*=\s*(?:\"[^\"<>]*\"|'[^'<>]*'))?")
_RAW_TEXT = re.compile(r"(?is)(<(script|style|textarea|title|noscript|iframe|pre)\b.*?</\2\s*>|<!--.*?-->)")
_CLASS = re.compile(r"(?<=\sclass=)(\"[^\"]*\"|'[^']*')")
_REFERENCE = re.compile(r"(?i)\s(?:href|src|srcset|data-src|content)=(?:\"[^\"]*\"|'[^']*')")
JUNK = (
    '<div class="newsletter-signup"><h4>Subscribe to our newsletter</h4><p>Get the latest stories in your inbox, every '
    'Friday. No spam.</p><form><input type="email"><button>Sign up</button></form></div>'
)


def _outside_raw_text(html: str, change: Callable[[str], str]) -> str:
    """Change the markup, but not scripts, styles, comments and text that is kept as it is."""
    parts = _RAW_TEXT.split(html)
    return "".join(change(part) if number % 3 == 0 else part for number, part in enumerate(parts) if number % 3 != 2)


def _turned(tag: re.Match[str]) -> str:
    return f"<{tag[1]}{''.join(reversed(_ATTRIBUTE.findall(tag[2])))}>"


def _hashed(classes: re.Match[str]) -> str:
    names = classes[1].strip("\"'").split()
    return '"' + " ".join(f"c{zlib.crc32(name.encode()):x}" for name in names) + '"'


def _body(html: str, start: str, end: str) -> str:
    """Put something after the start tag of the body, and before its end tag."""
    html = re.sub(r"(?i)<body\b[^<>]*>", lambda tag: tag[0] + start, html, count=1)
    before, found, after = html.rpartition("</body>")
    return f"{before}{end}{found}{after}" if found else html + end


CHANGES: dict[str, Callable[[str], str]] = {
    "a byte order mark": lambda html: f"\ufeff{html}",
    "comments": lambda html: _outside_raw_text(html, lambda part: part.replace("<div", "<!-- a --><div")),
    "the order of attributes": lambda html: _outside_raw_text(html, lambda part: _START_TAG.sub(_turned, part)),
    "white space between attributes": lambda html: _outside_raw_text(
        html, lambda part: _START_TAG.sub(lambda tag: tag[0].replace(" ", "\n  ", 1), part)
    ),
    "a wrapper in the body": lambda html: _body(html, "<div>", "</div>"),
    "an unrelated head": lambda html: re.sub(
        "(?i)</head>", '<link rel="preload" href="/x.js"><meta name="x" content="y"></head>', html, count=1
    ),
    "hashed class names": lambda html: _outside_raw_text(html, lambda part: _CLASS.sub(_hashed, part)),
}


@dataclass(slots=True)
class Tally:
    """How the pages took one change."""

    pages: int = 0
    changed: int = 0
    agreement: list[float] = field(default_factory=list)
    """Word F1 of both contents, of each page."""

    def count(self, before: str, after: str) -> None:
        """Count a page."""
        self.pages += 1
        self.changed += before != after
        self.agreement.append(1.0 if before == after else word_f1(after, before))


def content(html: str, url: str = URL) -> str:
    """The Markdown of a page."""
    return extract(html.encode(), url, content_type=_TYPE, formats={Format.MARKDOWN}).markdown


def measure(step: int) -> tuple[dict[str, Tally], Tally]:
    """Return the tallies of all changes, and that of lines lost to a block of junk."""
    tallies = {name: Tally() for name in ("the address", *CHANGES)}
    junk = Tally()
    for page in pages(step):
        if page.blocks is None:
            continue
        html = document.read(page.html, page.url, "").html
        bare = _REFERENCE.sub("", html)
        tallies["the address"].count(*(_OWN.sub("", content(bare, url)) for url in ADDRESSES))
        before = content(html)
        for name, change in CHANGES.items():
            tallies[name].count(before, content(change(html)))
        after = set(content(_body(html, "", JUNK)).splitlines())
        kept = "\n".join(line for line in before.splitlines() if line in after)
        junk.count("\n".join(before.splitlines()), kept)
    return tallies, junk


def table(tallies: dict[str, Tally], junk: Tally) -> str:
    """Return the table in Markdown."""
    rows = [
        f"| {name} | {tally.pages} | {tally.changed} | {sum(tally.agreement) / tally.pages:.4f} |"
        for name, tally in tallies.items()
    ]
    rows.append(
        f"| a block of junk added; lines lost | {junk.pages} | {junk.changed} | "
        f"{sum(junk.agreement) / junk.pages:.4f} |"
    )
    return "\n".join(("| what changes | pages | changed | word F1 of both |", "|---|--:|--:|--:|", *rows))


_HEADING = """## What changes nothing

`python -m bench.content.invariance`: the reading set's pages, each as it is and with one change that should not matter.
For *the address*, links and pictures of the page have none of their own. *Hashed class names* replaces each name by a
digest of it, as some build tools do: the model reads names, so some content changes."""


def main() -> None:
    parser = argparse.ArgumentParser(description="Count the pages whose content changes with what should not matter.")
    parser.add_argument("--step", type=int, default=1, help="every so many pages only")
    parser.add_argument("--write", action="store_true", help="put the table into bench/README.md")
    arguments = parser.parse_args()
    text = f"{_HEADING}\n\n{table(*measure(arguments.step))}"
    print(text)
    if arguments.write:
        write_section("invariance", text)


if __name__ == "__main__":
    main()
