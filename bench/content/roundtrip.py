"""Measures how well the Markdown means the same as the cleaned HTML, by the round trip.

Each page is extracted; its Markdown is rendered by markdown-it-py (CommonMark with GitHub's tables and strikethrough,
and `$` formulas), and what is then seen is compared with the cleaned HTML: words, headings with their level, list items
with their kind and depth, table cells by row and column, links with text and target, images, code blocks with language,
and formulas. Emphasis too. Everything is compared as a bag: an F1 over all pages.

    python -m bench.content.roundtrip [--pages N] [--whole] [--show KIND] [--write]
"""

from __future__ import annotations

import argparse
import gzip
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin
from turbohtml import Element, Text, parse_fragment

from bench.readme import write_section
from pagemill.extraction import pipeline

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGES = Path(__file__).resolve().parents[3] / "shared" / "data" / "wcxb-dev" / "html"
KINDS = ("words", "headings", "list items", "table cells", "links", "images", "code blocks", "formulas", "emphasis")
TARGETS = {"words": 0.995, **dict.fromkeys(KINDS[1:], 0.99)}

_HEADING = """## Round trip

`python -m bench.content.roundtrip`: the Markdown of {pages:,} WCXB development pages (Murrough Foley, 2026, CC-BY-4.0),
rendered by markdown-it-py and compared with the cleaned HTML. A page is exact where nothing of the kind is lost or
added."""

Seen = dict[str, Counter[object]]


@cache
def renderer() -> MarkdownIt:
    """The judge: CommonMark, GitHub's tables and strikethrough, `$` formulas."""
    judge = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    return judge.use(dollarmath_plugin, allow_space=False, allow_digits=False, double_inline=True)


def render(text: str) -> Element:
    """What a reader of the Markdown sees, as a tree."""
    return parse_fragment(renderer().render(text))


def words(text: str) -> list[str]:
    """Words and single marks of punctuation."""
    return re.findall(r"\w+|[^\w\s]", text)


def visible(element: Element) -> str:
    """The text of an element with line breaks as spaces and without formulas, its whitespace collapsed."""
    return " ".join("".join(_pieces(element)).split())


def _pieces(element: Element, *, mark: str = " ") -> Iterator[str]:
    """Text, blanks where blocks end, and `mark` where a list begins."""
    for node in element.children:
        if isinstance(node, Text):
            yield node.data
        elif isinstance(node, Element) and not _is_formula(node):
            yield mark if node.tag in ("ul", "ol") else " " if node.tag in SEPARATE else ""
            yield from ("“", *_pieces(node, mark=mark), "”") if node.tag == "q" else _pieces(node, mark=mark)
            yield " " if node.tag in SEPARATE else ""


SEPARATE = frozenset(
    [
        *(
            "br",
            "p",
            "div",
            "li",
            "ul",
            "ol",
            "td",
            "th",
            "tr",
            "table",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "pre",
            "dt",
        ),
        *("dd", "dl", "blockquote", "figure", "figcaption", "section", "article", "header", "footer", "aside", "nav"),
        *("main", "caption", "summary", "details", "hr", "thead", "tbody", "tfoot"),
    ]
)


def _is_formula(element: Element) -> bool:
    return element.tag == "math" or (element.attr("class") or "").startswith("math ")


def see(root: Element) -> Seen:
    """Everything in a tree that the round trip has to keep."""
    return {
        "words": Counter(words(visible(root))),
        "headings": Counter((h.tag, visible(h)) for h in root.select("h1, h2, h3, h4, h5, h6") if visible(h)),
        "list items": Counter(_item(item) for item in root.find_all("li")),
        "table cells": Counter(cell for table in root.find_all("table") for cell in _cells(table)),
        "links": Counter((visible(a), unquote(a.attr("href") or "")) for a in root.find_all("a")),
        "images": Counter((image.attr("alt"), unquote(image.attr("src") or "")) for image in root.find_all("img")),
        "code blocks": Counter((_language(pre), pre.text.rstrip("\n")) for pre in root.find_all("pre")),
        "formulas": Counter(_formula(e) for e in root.select("math, .math")),
        "emphasis": Counter(
            (kind, visible(e)) for e in root.iter_elements(("em", "strong", "dt", "summary")) if (kind := _emphasis(e))
        ),
    }


def _item(item: Element) -> object:
    """An item's kind, depth, and the text before any list in it."""
    kinds = [a.tag for a in item.ancestors if isinstance(a, Element) and a.tag in ("ul", "ol")]
    text, _, _ = "".join(_pieces(item, mark="\0")).partition("\0")
    return kinds[0] if kinds else "", len(kinds), " ".join(text.split())


def _cells(table: Element) -> Iterator[object]:
    """The cells that hold something, by the row and column of their upper left corner."""
    taken: set[tuple[int, int]] = set()
    for row, line in enumerate(table.find_all("tr")):
        column = 0
        for cell in line.find_all(["td", "th"]):
            while (row, column) in taken:
                column += 1
            width, height = int(cell.attr("colspan") or 1), min(int(cell.attr("rowspan") or 1), 500)
            taken.update((row + down, column + right) for down in range(height) for right in range(width))
            if visible(cell):
                yield row, column, visible(cell)


def _language(pre: Element) -> str:
    code = pre.find("code")
    return (code.attr("class") or "") if code is not None else ""


def _emphasis(element: Element) -> str:
    """What an element's text is seen as: terms are bold, unless something in them is, or is a heading."""
    if element.tag in ("em", "strong"):
        return element.tag
    own = element.iter_elements(("strong", "h1", "h2", "h3", "h4", "h5", "h6"))
    return "strong" if next(own, None) is None else ""


def _formula(element: Element) -> object:
    if element.tag == "math":
        return element.attr("display") == "block", element.attr("alttext")
    return "block" in (element.attr("class") or ""), " ".join(element.text.split())


def compare(before: Seen, after: Seen) -> dict[str, tuple[int, int, int]]:
    """For each kind: how many are in both, before, and after."""
    return {kind: ((before[kind] & after[kind]).total(), before[kind].total(), after[kind].total()) for kind in before}


def score(same: int, before: int, after: int) -> float:
    """F1; 1 where there is nothing on either side."""
    return 2 * same / (before + after) if before + after else 1.0


def trees(path: Path, *, whole: bool) -> tuple[Element, str]:
    """The cleaned tree and the Markdown of a stored page."""
    body = gzip.decompress(path.read_bytes())
    content = pipeline.extract(body, f"https://{path.name[:4]}.example/", only_main_content=not whole)
    return parse_fragment(content.cleaned_html), content.markdown


def main() -> None:
    """Measure, print the table, and write it where `--write` asks for it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=0, help="only so many pages")
    parser.add_argument("--whole", action="store_true", help="whole bodies instead of the chosen content")
    parser.add_argument("--show", help="print the differences of this kind")
    parser.add_argument("--write", action="store_true", help="write the table to bench/README.md")
    arguments = parser.parse_args()
    paths = sorted(PAGES.glob("*.html.gz"))
    if arguments.pages:
        paths = paths[:: len(paths) // arguments.pages]
    totals = {kind: [0, 0, 0, 0] for kind in KINDS}
    for path in paths:
        before_tree, text = trees(path, whole=arguments.whole)
        before, after = see(before_tree), see(render(text))
        for kind, (same, old, new) in compare(before, after).items():
            exact = same == old == new
            totals[kind] = [a + b for a, b in zip(totals[kind], (same, old, new, int(exact)), strict=True)]
            if kind == arguments.show and not exact:
                print(path.name, "LOST", list((before[kind] - after[kind]).items())[:6])
                print(path.name, "NEW ", list((after[kind] - before[kind]).items())[:6])
    table = _table(totals, len(paths))
    print(table)
    if arguments.write:
        write_section("roundtrip", f"{_HEADING.format(pages=len(paths))}\n\n{table}")


def _table(totals: dict[str, list[int]], pages: int) -> str:
    lines = ["| what | in the cleaned HTML | F1 | pages exact | target |", "|---|---|---|---|---|"]
    for kind, (same, before, after, exact) in totals.items():
        f1 = score(same, before, after)
        lines.append(f"| {kind} | {before:,} | {f1:.4f} | {exact / max(1, pages):.1%} | {TARGETS[kind]} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
