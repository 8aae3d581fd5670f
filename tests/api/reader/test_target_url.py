from __future__ import annotations

import pytest

from pagemill.api.reader.target_url import target_url


@pytest.mark.parametrize(
    ("path", "query", "url"),
    [
        (b"/r/https://a.example/b", b"", "https://a.example/b"),
        (b"/r/https://a.example/b/", b"c=d&e=%20f", "https://a.example/b/?c=d&e=%20f"),
        (b"/r/http:/a.example/b", b"", "http://a.example/b"),
        (b"/r/HTTPS://a.example", b"", "HTTPS://a.example"),
        (b"/r/a.example/b", b"c=d", "https://a.example/b?c=d"),
        (b"/r/localhost:8000/b", b"", "https://localhost:8000/b"),
        (b"/r/a.example/b%2Fc%3Fd", b"", "https://a.example/b%2Fc%3Fd"),
        (b"/r/https%3A%2F%2Fa.example%2Fb%3Fc%3Dd%2526e", b"", "https://a.example/b?c=d%26e"),
        (b"/r/http%3A%2F%2Fa.example%2Fb%3Fc%3Dd", b"e=f", "http://a.example/b?c=d&e=f"),
        (b"/r/http%3A%2F%2Fa.example%2Fb%23g", b"e=f", "http://a.example/b?e=f#g"),
        (b"/r/a.example%2Fb%3Fc%3Dd", b"", "https://a.example/b?c=d"),
        (b"/r/a.example%3A8000", b"", "https://a.example:8000"),
        (b"/r/user:a%3Ab@a.example/b", b"", "https://user:a%3Ab@a.example/b"),
        (b"/r/a.example/https://b.example/", b"", "https://a.example/https://b.example/"),
        (b"/r/ftp://a.example/", b"", "ftp://a.example/"),
        (b"/r/", b"", ""),
        (b"/r/", b"a=b", ""),
        (b"/r/\xff\xfe", b"", "https://\ufffd\ufffd"),
    ],
)
def test_the_url_of_a_path(path, query, url):
    assert target_url(path, query) == url
