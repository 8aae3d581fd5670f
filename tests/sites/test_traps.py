from __future__ import annotations

import pytest

from pagemill.sites.identity import site_url
from pagemill.sites.traps import family, is_trap

HOPELESS = [
    "https://e.com/a/b/a/b/a/b/",
    "https://e.com/a/a/a",
    "https://e.com/x/y/z/x/y/z/x/y/z",
    "https://e.com/" + "x" * 2100,
    "https://e.com/" + "/".join(map(str, range(30))),
    "https://e.com/list?" + "&".join(f"p{n}=1" for n in range(12)),
    "https://e.com/list?f=1&f=2&f=3&f=4",
    "https://e.com/calendar/2190/04",
    "https://e.com/calendar?year=3021",
    "https://e.com/events/?date=1823-02-01",
]
GOOD = [
    "https://e.com/",
    "https://e.com/2024/05/17/title-of-an-article",
    "https://e.com/calendar/2024/05",
    "https://e.com/a/b/a/b",
    "https://e.com/en/docs/en/docs-of-docs",
    "https://e.com/product/2190/04-screws",
    "https://e.com/list?page=7&sort=price",
]


@pytest.mark.parametrize("url", HOPELESS)
def test_hopeless(url):
    assert is_trap(site_url(url))


@pytest.mark.parametrize("url", GOOD)
def test_good(url):
    assert not is_trap(site_url(url))


def test_dates_of_a_calendar_are_one_family():
    one, other = (family(site_url(f"https://e.com/calendar/{when}")) for when in ("2024/05", "2025/11"))
    assert one == other is not None
    assert family(site_url("https://e.com/events/?month=2024-05")) == family(site_url("https://e.com/events/?month=1"))


def test_values_of_several_parameters_are_one_family():
    one = family(site_url("https://e.com/shop?color=red&size=4"))
    assert one == family(site_url("https://e.com/shop?size=7&color=blue"))
    assert one != family(site_url("https://e.com/shop?size=7&brand=b"))


@pytest.mark.parametrize("url", ["https://e.com/article/12345", "https://e.com/?p=17", "https://e.com/2024/05/title"])
def test_numbered_pages_are_no_family(url):
    assert family(site_url(url)) is None
