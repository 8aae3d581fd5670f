"""Pages made to take long: the time of the whole of extraction stays in proportion to their length."""

from __future__ import annotations

import time

import pytest

from pagemill.extraction import extract

TEXT = "<p>These are the many words of a paragraph that somebody wrote for others to read, and so on.</p>"
TABLE = '<table class="highlighttable"><tr><td><pre>x</pre></td></tr></table>'
ROLES = '<div role="table"><div role="row"><div role="cell">x</div></div></div>'
POST = (
    '<div class="post"><div class="postbody"><p class="author">by <a class="username">u</a></p>'
    '<div class="content">hello there</div></div></div>'
)

PAGES = {
    "boxes in boxes": ("", '<div class="advert">', "x"),
    "figures": (TEXT, "<figure><img src=/a.jpg><figcaption>one two</figcaption></figure>", TEXT),
    "figures in figures": (TEXT, "<figure><img src=/a.jpg>", TEXT),
    "formulas in formulas": (TEXT, '<div class="math">', f"q{TEXT}"),
    "parts of formulas": (TEXT, '<span class="mord">q', TEXT),
    "beginnings of formulas": ("<script src=mathjax.js></script><p>", "\\begin{align}", TEXT),
    "buttons in a sentence": ("<p>a ", "<button>b</button> c ", TEXT),
    "tables by roles": ("", ROLES, TEXT),
    "tables of code": ("", TABLE, TEXT),
    "lists that begin anew": ("", "<ol><li value=3>x", TEXT),
    "dates in sentences": ("", '<p>on <time datetime="2020-01-01">1</time> yes.</p>', TEXT),
    "a line without an end": ("<h1>T</h1><p>", "word words more ", "."),
    "a title without an end": ("<h1>", "a b ", TEXT),
    "JSON-LD that is broken": ('<script type="application/ld+json">', '{"a":[,', f"</script>{TEXT}"),
    "JSON-LD in comments": ('<script type="application/ld+json">', "/* <!-- //<![CDATA[ ", f"{{}}</script>{TEXT}"),
    "posts": ("<body id=phpbb><h2 class=topic-title>t</h2>", POST, ""),
    "comments in comments": ("", '<div class="comment"><span class="author">x</span>', TEXT),
    "a byline without an end": ('<title>a</title><h1>a</h1><p class="byline">', "By x | ", f"</p>{TEXT}"),
}


def seconds(name: str, count: int) -> float:
    begin, repeated, end = PAGES[name]
    html = (begin + repeated * count + end).encode()
    started = time.process_time()
    extract(html, "https://example.org/a")
    return time.process_time() - started


@pytest.mark.parametrize("name", PAGES)
def test_time_is_in_proportion_to_length(name):
    few = min(seconds(name, 1_000) for _ in range(2))
    assert seconds(name, 8_000) < 8 * 3 * max(few, 0.02)
