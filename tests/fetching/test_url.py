from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pagemill.errors import UnfetchableUrlError
from pagemill.fetching.url import parse_url


@pytest.mark.parametrize(
    ("text", "href", "host", "port"),
    [
        ("http://example.com", "http://example.com/", "example.com", 80),
        ("HTTPS://Example.COM:443/a b?c=d e#f", "https://example.com/a%20b?c=d%20e#f", "example.com", 443),
        ("http://example.com.:8080/", "http://example.com:8080/", "example.com", 8080),
        ("  http://exa\tmple.com/\n", "http://example.com/", "example.com", 80),
        ("http:\\\\example.com\\path", "http://example.com/path", "example.com", 80),
        ("http://bücher.example/", "http://xn--bcher-kva.example/", "xn--bcher-kva.example", 80),
        ("http://ex%61mple.com/", "http://example.com/", "example.com", 80),
        ("http://me:secret@example.com/x", "http://me:secret@example.com/x", "example.com", 80),
        ("http://[2606:4700::0001]:81/", "http://[2606:4700::1]:81/", "2606:4700::1", 81),
        ("http://-dash.example/", "http://-dash.example/", "-dash.example", 80),
    ],
)
def test_normalises_as_browsers_do(text: str, href: str, host: str, port: int) -> None:
    url = parse_url(text)
    assert (url.href, url.host, url.port) == (href, host, port)


@pytest.mark.parametrize(
    "text",
    ["", "example.com", "//example.com", "http://", "http:///", "ftp://example.com/", "file:///etc/passwd", "data:,x",
     "javascript:alert(1)", "http://exa mple.com/", "http://a,b/", "http://*/", "http://a;b.example/",
     "http://example.com:99999/", "http://[fe80::1%25eth0]/", "http://[::1", "http://256.256.256.256/",
     "http://1.2.3.4.5/", "http://example..com/", "http://" + "a" * 64 + ".example/", "http://" + "a." * 130 + "b/",
     "http://\udc80/"],
)  # fmt: skip
def test_refuses_what_cannot_be_fetched(text: str) -> None:
    with pytest.raises(UnfetchableUrlError):
        parse_url(text)


@pytest.mark.parametrize(
    ("location", "href"),
    [
        ("/b", "https://example.com/b"),
        ("b", "https://example.com/dir/b"),
        ("?q", "https://example.com/dir/a?q"),
        ("//other.example/x", "https://other.example/x"),
        ("http://127.1/", "http://127.0.0.1/"),
        ("\\\\127.1\\x", "https://127.0.0.1/x"),
    ],
)
def test_joins_a_relative_url(location: str, href: str) -> None:
    assert parse_url(location, parse_url("https://example.com/dir/a#f")).href == href


def test_keeps_credentials_out_of_the_public_address() -> None:
    assert parse_url("http://me:secret@example.com/x").public_href == "http://example.com/x"


@given(st.integers(0, 2**32 - 1), st.sampled_from(["{:d}", "0x{:x}", "0{:o}"]))
@example(2130706433, "{:d}")
def test_every_spelling_of_an_ipv4_address_is_the_address(number: int, spelling: str) -> None:
    url = parse_url(f"http://{spelling.format(number)}/")
    assert url.address == ip_address(number)
    assert url.host == str(ip_address(number))


@given(st.text(max_size=60))
def test_any_text_is_a_url_or_refused(text: str) -> None:
    try:
        url = parse_url("http://" + text)
    except UnfetchableUrlError:
        return
    assert url.href.isascii()
    assert parse_url(url.href) == url


@pytest.mark.parametrize(
    ("text", "fragment", "has_route"),
    [
        ("http://example.com/#/boats?x=1", "/boats?x=1", True),
        ("http://example.com/#!boats", "!boats", True),
        ("http://example.com/#part", "part", False),
        ("http://example.com/#", "", False),
        ("http://example.com/#part:~:text=some%20words", "part", False),
        ("http://example.com/#ü", "%C3%BC", False),
    ],
)
def test_tells_the_fragment_and_whether_it_is_a_route(text: str, fragment: str, *, has_route: bool) -> None:
    url = parse_url(text)
    assert (url.fragment, url.has_route) == (fragment, has_route)
    assert url.public_href == "http://example.com/"
    assert url.href == f"http://example.com/{f'#{fragment}' if fragment else ''}"
