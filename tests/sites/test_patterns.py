from __future__ import annotations

import pytest

from pagemill.errors import InvalidPatternError
from pagemill.sites.identity import site_url
from pagemill.sites.patterns import Patterns


@pytest.mark.parametrize(
    ("pattern", "url", "matches"),
    [
        ("/blog/*", "https://e.com/blog/one", True),
        ("/blog/*", "https://e.com/blog/one/two", False),
        ("/blog/**", "https://e.com/blog/one/two", True),
        ("/blog/*", "https://e.com/blog/one?page=2", True),
        ("/blog/*", "https://e.com/en/blog/one", False),
        ("/blog/*/comments", "https://e.com/blog/one/comments", True),
        ("/blog", "https://e.com/blog/one", True),
        ("/docs/", "https://e.com/docs/one", True),
        ("/blog/*/", "https://e.com/blog/one/", True),
        ("*/print/*", "https://e.com/print/one", True),
        ("docs.e.com/**", "https://docs.e.com/a/b", True),
        ("https://e.com/a*", "https://e.com/abc", True),
        ("https://e.com/a*", "https://e.com/b", False),
        ("/a?c", "https://e.com/abc", True),
        ("/a.c", "https://e.com/abc", False),
        (r"/\/blog\/\d+$/", "https://e.com/blog/17", True),
        (r"/\/blog\/\d+$/", "https://e.com/blog/x", False),
        ("/(one|two)/", "https://e.com/a/two", True),
    ],
)
def test_a_pattern(pattern, url, matches):
    assert Patterns((pattern,)).match(site_url(url)) is matches


def test_any_of_several():
    patterns = Patterns(("/a/*", "/b/*"))
    assert patterns.match(site_url("https://e.com/b/1"))
    assert not patterns.match(site_url("https://e.com/c/1"))
    assert not Patterns(())


@pytest.mark.parametrize("pattern", ["", "/(/", "/(a)\\1(b)/", "/(?=a)b+/", "/(a{1000}){1000}/", "x" * 1001])
def test_a_pattern_that_cannot_be_matched_in_linear_time_is_refused(pattern):
    with pytest.raises(InvalidPatternError):
        Patterns((pattern,))


def test_no_expression_backtracks():
    assert not Patterns((r"/(a+)+$/", r"/(a|a)*b$/")).match(site_url("https://e.com/" + "a" * 1500 + "!"))
