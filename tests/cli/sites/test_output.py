from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagemill.cli.sites.output import page_path


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://a.example", "index.md"),
        ("https://a.example/", "index.md"),
        ("https://a.example/docs/intro", "docs/intro.md"),
        ("https://a.example/docs/intro/", "docs/intro/index.md"),
        ("https://a.example/docs/intro.html", "docs/intro.html.md"),
        ("https://b.a.example/docs", "b.a.example/docs.md"),
    ],
)
def test_a_page_is_under_its_path(url, path):
    assert page_path(url, "a.example", ".md") == Path(path)


URLS = st.builds(
    "https://{}/{}{}".format,
    st.sampled_from(["a.example", "b.example:8080", "[::1]"]),
    st.text("abc./%~-_é \\\0:", max_size=40)
    | st.sampled_from(["x" * 5000, "\U0001d400" * 100])
    | st.just("y/" * 500)
    | st.just("../../../etc/passwd"),
    st.sampled_from(["", "?a=b", "?a=/../.."]),
)


@given(st.lists(URLS, min_size=2, max_size=2, unique=True))
def test_pages_have_their_own_files_and_none_leaves_the_folder(urls):
    paths = [page_path(url, "a.example", ".md") for url in urls]
    for path in paths:
        assert not path.is_absolute()
        assert not any(part.startswith(".") for part in path.parts)
        assert all(len(part.encode()) < 255 for part in path.parts)
        assert len(path.parts) <= 14
        assert not any(character in str(path) for character in "\\\0:")
    if paths[0] == paths[1]:  # the same page, but for slashes in a row
        assert len({urlsplit(url).path.strip("/").replace("//", "/") for url in urls}) == 1
