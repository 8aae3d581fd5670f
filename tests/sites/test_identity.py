from __future__ import annotations

import pytest

from pagemill.sites.identity import site_url

SAME = [
    ("https://example.com/a", "https://example.com/a#part"),
    ("https://example.com/a", "https://example.com/a/"),
    ("https://example.com/a", "http://www.example.com/a"),
    ("https://example.com", "https://EXAMPLE.com/"),
    ("https://example.com/a?x=1&y=2", "https://example.com/a?y=2&x=1"),
    ("https://example.com/a?x=1", "https://example.com/a?utm_source=s&x=1&fbclid=f&gclid=g"),
    ("https://example.com/a", "https://example.com/a;jsessionid=0A1B2C"),
    ("https://example.com/a?x=1", "https://example.com/a?PHPSESSID=abc&x=1"),
    ("https://example.com/a", "https://example.com/(S(abcdefghijklmnop1234))/a"),
    ("https://example.com/~a/%c3%a9", "https://example.com/%7Ea/%C3%A9"),
    ("https://example.com/a", "https://example.com/b/../a"),
    ("https://example.com/a", "https://example.com/a?"),
]
OTHERS = [
    ("https://example.com/a", "https://example.com/A"),
    ("https://example.com/a?x=1", "https://example.com/a?x=2"),
    ("https://example.com/", "https://example.com:8443/"),
    ("https://example.com/", "https://docs.example.com/"),
    ("https://example.com/#/boats", "https://example.com/#/cars"),
    ("https://example.com/a%2Fb", "https://example.com/a/b"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_page(one, other):
    assert site_url(one).identity == site_url(other).identity


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_another_page(one, other):
    assert site_url(one).identity != site_url(other).identity


def test_what_is_fetched_keeps_what_a_server_may_need():
    found = site_url("HTTP://www.Example.com/a/?b=2&utm_medium=m&a=1&sessionid=7#part")
    assert found.clean == "http://www.example.com/a/?b=2&a=1"
    assert found.host == "www.example.com"


def test_a_route_of_an_application_is_part_of_the_address():
    assert site_url("https://example.com/#!/boats").clean == "https://example.com/#!/boats"


@pytest.mark.parametrize(
    "text", ["mailto:a@example.com", "javascript:0", "https://user:word@example.com/", "http://[", ""]
)
def test_what_is_no_page_has_no_identity(text):
    assert site_url(text) is None
