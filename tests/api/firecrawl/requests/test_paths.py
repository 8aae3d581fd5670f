from __future__ import annotations

import pytest

from pagemill.api.firecrawl.requests.fields import MAX_PATH_LENGTH
from pagemill.api.firecrawl.requests.paths import WITH_QUERY, outside_pattern, path_pattern
from pagemill.sites.identity import site_url
from pagemill.sites.patterns import Patterns


def matches(pattern, *urls):
    return [Patterns((pattern,)).match(site_url(url)) for url in urls]


@pytest.mark.parametrize(
    ("expression", "inside", "outside"),
    [
        (
            "blog/.*",
            ["https://a.example/blog/1", "https://a.example/x/blog/1"],
            ["https://blog/a", "https://a.example/b"],
        ),
        ("/blog/", ["https://a.example/blog/1", "https://a.example/x/blog/1"], ["https://a.example/blogs"]),
        ("^/blog/.*$", ["https://a.example/blog/1"], ["https://a.example/x/blog/1", "https://a.example/blog"]),
        ("^/blog$", ["https://a.example/blog", "https://a.example/blog?page=2"], ["https://a.example/blog/1"]),
        (r"\.pdf$", ["https://a.example/x.pdf", "https://a.example/x.pdf?y=1"], ["https://a.example/x.pdf.html"]),
        ("a|b", ["https://x.example/b"], ["https://a.example/x"]),
    ],
)
def test_expressions_are_searched_for_in_the_path(expression, inside, outside):
    pattern = path_pattern(expression, full_url=False)
    assert all(matches(pattern, *inside))
    assert not any(matches(pattern, *outside))


def test_expressions_of_whole_urls():
    pattern = path_pattern("page=[0-9]", full_url=True)
    assert matches(pattern, "https://a.example/?page=2", "https://a.example/page") == [True, False]


def test_urls_with_a_query():
    assert matches(WITH_QUERY, "https://a.example/?a=1", "https://a.example/") == [True, False]


def test_what_is_outside_a_path():
    pattern = outside_pattern("/docs/a.b")
    urls = ("https://x.example/", "https://x.example/docs/", "https://x.example/docs/axb", "https://x.example/docs?q=1")
    assert all(matches(pattern, *urls))
    assert not any(matches(pattern, "https://x.example/docs/a.b", "https://x.example/docs/a.b/c?d=e"))
    assert outside_pattern("/") is None


@pytest.mark.parametrize("path", ["/" + "-" * 500, "/" + "a/" * 300, "/%E4%B8%AD" * 60, "/" + "[" * 500])
def test_long_paths_make_patterns_that_are_taken(path):
    pattern = outside_pattern(path)
    assert matches(pattern, "https://x.example/else", f"https://x.example{path}") == [True, False]


def test_the_longest_expression_is_taken():
    for expression in ("a" * MAX_PATH_LENGTH, "^" + "a" * (MAX_PATH_LENGTH - 2) + "$"):
        for full_url in (False, True):
            Patterns((path_pattern(expression, full_url=full_url),))
