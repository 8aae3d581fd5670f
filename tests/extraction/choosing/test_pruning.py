from __future__ import annotations

import numpy as np
import pytest
from turbohtml import parse

from pagemill.extraction.choosing import blocks, pruning
from pagemill.extraction.choosing.features import text_statistics


def keep(html: str, *wanted: str) -> str:
    """What is left of the body when the blocks that begin with one of the given texts are selected."""
    body = parse(f"<body>{html}").select_one("body")
    assert body is not None
    flat = blocks.split(body)
    assert flat is not None
    begins = {block: string for string, block in reversed(list(zip(flat.strings, flat.text_block, strict=True)))}
    selected = np.array([begins[block].strip().startswith(wanted) for block in range(len(flat.owner))])
    pruning.prune(flat, selected, text_statistics.count(flat).words)
    return body.inner_html


@pytest.mark.parametrize(
    ("html", "wanted", "expected"),
    [
        ("<p>yes</p><p>no</p>", ["yes"], "<p>yes</p>"),
        ("<div>no<p>yes</p>no</div>", ["yes"], "<div><p>yes</p></div>"),
        ("<div>yes<p>no</p></div>", ["yes"], "<div>yes</div>"),
        ("<nav><ul><li>no</ul></nav><main><h1>yes</h1></main>", ["yes"], "<main><h1>yes</h1></main>"),
        # Elements without text stay with the text around them.
        ("<main><p>yes one</p><figure><img></figure><hr></main>", ["yes"], None),
        ("<main><p>yes one</p><figure><img><figcaption>no</figcaption></figure></main>", ["yes"],
         "<main><p>yes one</p><figure><img><figcaption></figcaption></figure></main>"),
        ("<main><p>yes</p><div><img><p>no no no</p></div></main>", ["yes"], "<main><p>yes</p></main>"),
        ("<main><p>yes</p></main><div><img></div><p>no no no</p>", ["yes"], "<main><p>yes</p></main>"),
        # Tables keep their columns.
        ("<table><tbody><tr><td>no</td><td>yes</td></tr></tbody></table>", ["yes"],
         "<table><tbody><tr><td></td><td>yes</td></tr></tbody></table>"),
        ("<table><tbody><tr><td>no</td></tr><tr><td>yes</td></tr></tbody></table>", ["yes"],
         "<table><tbody><tr><td>yes</td></tr></tbody></table>"),
        # Selected elements are unhidden.
        ('<div style="display:none" hidden="" aria-hidden="true"><p>yes</p></div>', ["yes"], "<div><p>yes</p></div>"),
        ("<noscript><p>yes</p></noscript>", ["yes"], "<div><p>yes</p></div>"),
        ("<form><button>yes</button></form>", ["yes"], "<div><div>yes</div></div>"),
    ],
)  # fmt: skip
def test_only_selected_blocks_and_what_belongs_to_them_stay(html, wanted, expected):
    assert keep(html, *wanted) == (html if expected is None else expected)


def test_pictures_beside_the_headline_stay():
    body = parse("<body><div><figure><img></figure><h1>Title</h1></div><p>Text</p>").select_one("body")
    flat = blocks.split(body)
    pruning.prune(flat, np.array([False, True]), text_statistics.count(flat).words, header=[0])
    assert body.inner_html == "<div><figure><img></figure><h1></h1></div><p>Text</p>"


def test_linked_pictures_beside_the_headline_go():
    body = parse("<body><div><p><a href='/jane'><img></a></p><h1>Title</h1></div><p>Text</p>").select_one("body")
    flat = blocks.split(body)
    pruning.prune(flat, np.array([False, True]), text_statistics.count(flat).words, header=[0])
    assert body.find("img") is None
