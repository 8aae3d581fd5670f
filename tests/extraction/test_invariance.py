"""Changes of a page that leave its content as it is: what is made of it must stay the same."""

from __future__ import annotations

import gzip
import re
from typing import TYPE_CHECKING

import pytest

from pagemill.extraction import extract
from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

URL = "https://valley.example/news/2024/water/story.html"
PAGES = ROOT / "tests" / "extraction" / "golden" / "pages"
NAMES = [
    "german_news",
    "substack",
    "recipe",
    "wikipedia",
    "shopify",
    "news_bbc",
    "mkdocs_material",
    "category_listing",
    "phpbb",
    "discourse",
    "poem",
]


UNRELATED = '<link rel="preload" href="/x.js"><meta name="x" content="y">'


def reordered(html: str) -> str:
    """The same with the attributes of each start tag from the last to the first."""

    def turn(tag: re.Match[str]) -> str:
        found = re.findall(r'\s[^\s=>/"\']+(?:="[^"]*")?', tag[2])
        return f"<{tag[1]}{''.join(reversed(found))}>" if "".join(found) == tag[2] else tag[0]

    return re.sub(r"<([a-z][a-z0-9]*)((?:\s[^<>]*)?)>", turn, html)


CHANGES: dict[str, Callable[[str], str]] = {
    "a byte order mark": lambda html: f"\ufeff{html}",
    "comments": lambda html: re.sub(
        r"(?=</?(?:p|div|h[1-6]|li|ul|ol|a|img|button|td|span)[ >])", "<!-- other -->", html
    ),
    "the order of attributes": reordered,
    "a wrapper": lambda html: re.sub(r"(<body[^>]*>)", r"\1<div>", html).replace("</body>", "</div></body>"),
    "an unrelated head": lambda html: html.replace("</head>", f"{UNRELATED}</head>"),
}


def content(html: str, url: str = URL) -> str:
    return extract(html.encode(), url).markdown


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("change", CHANGES)
def test_content_stays_with(name, change):
    html = (PAGES / f"{name}.html").read_text()
    assert content(CHANGES[change](html)) == content(html)


@pytest.mark.parametrize("name", NAMES)
def test_content_does_not_depend_on_the_address(name):
    html = re.sub(
        r'(href|src|srcset|data-src)="(?!https?:)[^"]*"',
        r'\1="https://other.example/x.jpg"',
        (PAGES / f"{name}.html").read_text(),
    )
    assert content(html, "https://valley.example/") == content(html, "https://valley.example/a/very-long/2024/path?x=1")


@pytest.mark.shared
def test_content_of_real_pages_does_not_depend_on_the_address(shared_pages):
    changed = []
    for path in sorted((shared_pages.parent / "reading" / "html").glob("*.gz"))[::12]:
        html = re.sub(rb'(href|src|srcset)=("[^"]*"|\'[^\']*\')', b"", gzip.decompress(path.read_bytes()))
        one, other = (
            extract(html, url).cleaned_html for url in ("https://a.example/", "https://a.example/b/c-d/2024/x")
        )
        changed += [] if one == other else [path.name]
    assert changed == []
