"""Pages and Markdown made to take long: the time stays in proportion to their length."""

from __future__ import annotations

import time

import pytest

from pagemill.extraction import extract
from pagemill.extraction.postprocessing.token_estimate import tokens
from pagemill.extraction.postprocessing.truncation import truncate

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
    "a byline of spaces": ("<title>a</title><h1>a</h1><p class=byline>By x", " ", f"y</p>{TEXT}"),
    "a byline of marks": ("<title>a</title><h1>a</h1><p class=byline>By x <b>", "!", f"é</b></p>{TEXT}"),
    "a byline of a number": ("<title>a</title><h1>a</h1><p class=byline>By ", "1" * 20, f"x</p>{TEXT}"),
    "a label of a date": ("<title>a</title><h1>a</h1><p class=byline>posted", " ", f"at x</p>{TEXT}"),
    "a title of marks": ("<title>a b</title><h1>a b", "#" * 20, f"x</h1>{TEXT}"),
    "a headline of underscores": (
        '<script type="application/ld+json">{"@type":"Article","headline":"',
        "_" * 20,
        '"}</script><h1>x</h1>',
    ),
    "JSON-LD of spaces": ('<script type="application/ld+json">{"a":', " " * 10, f"x</script>{TEXT}"),
    "a set of sources of spaces": ("<img srcset='a.jpg 1x,", " " * 10, f",'>{TEXT}"),
    "a picture's address": ("<img src='/x", "-blank-blank-blank-blank", f"'>{TEXT}"),
    "lists behind an item": ("<ul><li>a</li>", " <ul></ul>" * 2, TEXT),
    "links in a heading": ("<h2>", '<a href="#x"><img src=/a.png></a>' * 4, TEXT),
    "pictures in a link": ("<a href=/>", "<img src=/x.png alt=q>" * 6, f"</a>{TEXT}"),
    "labels of a language": (TEXT, "<div><b aria-label=language>Go!</b></div>" * 4, "<pre>x</pre>"),
    "choices": (
        TEXT,
        "<p>a<p>b<fieldset><legend>c</legend><input type=radio><label>d</label><label>e</label></fieldset>",
        TEXT,
    ),
    "a byline without an end": ('<title>a</title><h1>a</h1><p class="byline">', "By x | ", f"</p>{TEXT}"),
}


def seconds(name: str, count: int) -> float:
    begin, repeated, end = PAGES[name]
    html = (begin + repeated * count + end).encode()
    started = time.process_time()
    extract(html, "https://example.org/a")
    return time.process_time() - started


LONG_CLASS = {
    "code": "<pre>x</pre>",
    "parts of formulas": "<p><span class=mord>q</span></p>",
    "pictures": "<img src=/a.png alt=q>",
    "bylines": "<p class=author>By A</p>",
}


@pytest.mark.parametrize("name", LONG_CLASS)
def test_time_is_in_proportion_to_length_in_an_element_with_many_classes(name):
    def took(count: int) -> float:
        html = f"<div class='{'abcdefg ' * count}'>{LONG_CLASS[name] * count}{TEXT}".encode()
        started = time.process_time()
        extract(html, "https://example.org/a")
        return time.process_time() - started

    few = min(took(1_000) for _ in range(2))
    assert took(8_000) < 8 * 3 * max(few, 0.02)


def seconds_to_cut(count: int) -> float:
    links = "\n\n".join(f"[a][{number}]" for number in range(count))
    markdown = f"{links}\n\n" + "\n".join(f"[{number}]: /{number}" for number in range(count))
    started = time.process_time()
    truncate(markdown, tokens(markdown) // 2)
    return time.process_time() - started


def test_markdown_of_many_reference_links_is_cut_in_proportion_to_its_length():
    few = min(seconds_to_cut(1_000) for _ in range(2))
    assert seconds_to_cut(8_000) < 8 * 3 * max(few, 0.02)


@pytest.mark.parametrize("name", PAGES)
def test_time_is_in_proportion_to_length(name):
    few = min(seconds(name, 1_000) for _ in range(2))
    assert seconds(name, 8_000) < 8 * 3 * max(few, 0.02)
