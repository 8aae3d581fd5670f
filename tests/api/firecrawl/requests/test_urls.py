from __future__ import annotations

import pytest

from pagemill.api.firecrawl.requests.urls import with_scheme


@pytest.mark.parametrize(
    "url",
    ["example.com", "docs.example.com/a?b#c", "example.com:8080/x", "localhost:3000", "bücher.example/ü", "1.2.3.4"],
)
def test_what_begins_with_its_host_is_a_url_of_http(url):
    assert with_scheme(f" {url} ") == f"http://{url}"


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example/",
        "ftp://a.example/",
        "mailto:a@b.example",
        "nothing",
        "user:secret@a.example",
        "//a.example",
        "/a.b",
        "",
    ],
)
def test_any_other_stays_as_it_is(url):
    assert with_scheme(url) == url
