from __future__ import annotations

import pytest

from pagemill.model import Action, ActionType, Cookie, Format, ScrapeOptions
from pagemill.scraping.page_cache import cache_key

PLAIN = ScrapeOptions()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("HTTP://Example.COM:80/a", "http://example.com/a"),
        ("http://example.com/a#part", "http://example.com/a"),
        ("http://example.com", "http://example.com/"),
        ("http://example.com/x/../a", "http://example.com/a"),
        ("http://bücher.example/", "http://xn--bcher-kva.example/"),
    ],
)
def test_spellings_of_one_url_are_one_page(one, other):
    assert cache_key(one, PLAIN) == cache_key(other, PLAIN)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://example.com/a?x=1&y=2", "http://example.com/a?y=2&x=1"),
        ("http://example.com/a", "http://example.com/a/"),
        ("http://example.com/a", "https://example.com/a"),
        ("http://example.com/a", "http://example.com/A"),
        ("http://example.com/a", "http://example.com:8080/a"),
    ],
)
def test_what_a_server_may_tell_apart_are_two(one, other):
    assert cache_key(one, PLAIN) != cache_key(other, PLAIN)


def test_country_and_browser_make_another_page():
    options = [PLAIN, ScrapeOptions(country="de"), ScrapeOptions(use_browser=True)]
    assert len({cache_key("http://example.com/", each) for each in options}) == 3


def test_formats_and_parts_are_of_the_same_page():
    options = [
        PLAIN,
        ScrapeOptions(formats=(Format.LINKS,)),
        ScrapeOptions(only_main_content=False),
        ScrapeOptions(exclude_tags=("nav",)),
        ScrapeOptions(max_age=5.0),
        ScrapeOptions(force_fresh=True),
    ]
    assert len({cache_key("http://example.com/", each) for each in options}) == 1


@pytest.mark.parametrize(
    "options",
    [
        ScrapeOptions(headers=(("A", "b"),)),
        ScrapeOptions(cookies=(Cookie("a", "b"),)),
        ScrapeOptions(user_agent="me"),
        ScrapeOptions(actions=(Action(ActionType.CLICK, selector="a"),)),
        ScrapeOptions(wait_for=100),
        ScrapeOptions(formats=(Format.SCREENSHOT,)),
    ],
)
def test_what_is_not_anonymous_has_no_key(options):
    assert cache_key("http://example.com/", options) is None


def test_a_url_with_a_password_has_no_key():
    assert cache_key("http://user:pw@example.com/", PLAIN) is None
