from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagemill.api.ui.playground.views.evidence import marked_text, places_of
from pagemill.api.ui.playground.views.highlighting import highlighted_html, highlighted_json
from pagemill.api.ui.playground.views.markdown import rendered_markdown

HOSTILE = st.text(alphabet="<>&\"'=/!-[]()`*_#|\n aA:javscript\\{}01,.", max_size=200)


class Shown(HTMLParser):
    """The text that HTML shows, and the elements and attributes that it has."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.elements: set[str] = set()
        self.attributes: set[tuple[str, str]] = set()
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes |= {(name, value or "") for name, value in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


@given(HOSTILE)
def test_highlighted_sources_show_the_text_as_it_is(text: str) -> None:
    for highlighted in (highlighted_html, highlighted_json):
        shown = Shown(highlighted(text))
        assert shown.text == text
        assert shown.elements <= {"span"}
        assert {name for name, _ in shown.attributes} <= {"class"}


@given(HOSTILE, st.lists(st.tuples(st.integers(-5, 220), st.integers(-5, 220)), max_size=8))
def test_marked_texts_show_the_text_as_it_is(text: str, quotes: list[tuple[int, int]]) -> None:
    evidence = {f'/{number}"<': {"quote": "", "start": start, "end": end} for number, (start, end) in enumerate(quotes)}
    shown = Shown(marked_text(text, places_of(evidence, len(text))[0]))
    assert shown.text == text
    assert shown.elements <= {"mark"}


@given(HOSTILE)
def test_rendered_markdown_holds_no_html_of_the_text(text: str) -> None:
    html = rendered_markdown(text)
    shown = Shown(html)
    assert not shown.elements & {"script", "img", "iframe", "style", "form", "input", "object", "base", "meta", "svg"}
    assert not any(name.startswith("on") for name, _ in shown.attributes)
    for address in re.findall(r'href="([^"]*)"', html):
        assert re.match(r"(?:https?|mailto):", unescape(address))


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "vbscript:x", "/local", "file:///x"]
)
def test_links_lead_to_the_web_alone(address: str) -> None:
    assert "href=" not in rendered_markdown(f"[a]({address}) <{address}> ![b]({address})")


def test_images_are_links_and_load_nothing() -> None:
    html = rendered_markdown('![A "mill"](http://a.test/b.png) [![c](http://d.test/e.png)](http://f.test/)')
    assert "<img" not in html
    assert html.count("<a ") == 2
    assert (
        'href="http://a.test/b.png" target="_blank" rel="noopener noreferrer nofollow">Image: A &quot;mill&quot;'
        in html
    )
    assert '<span class="image">Image: c</span>' in html
