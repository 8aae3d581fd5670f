from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagemill.fetching.http.content_types import Kind, declared_kind, kind_of, sniffed_kind
from pagemill.media_types import TEXT


@pytest.mark.parametrize(
    ("content_type", "kind"),
    [
        ("text/html", Kind.HTML),
        ("Text/HTML; charset=utf-8", Kind.HTML),
        ("application/xhtml+xml", Kind.HTML),
        ("application/json", Kind.JSON),
        ("application/ld+json", Kind.JSON),
        ("application/problem+json; charset=utf-8", Kind.JSON),
        ("application/xml", Kind.XML),
        ("text/xml", Kind.XML),
        ("application/rss+xml", Kind.XML),
        ("application/atom+xml", Kind.XML),
        ("image/svg+xml", Kind.XML),
        ("text/markdown", Kind.TEXT),
        ("text/csv", Kind.TEXT),
        ("text/plain; charset=iso-8859-15", Kind.TEXT),
        ("image/png", Kind.UNSUPPORTED),
        ("application/pdf", Kind.PDF),
        ("multipart/form-data", Kind.UNSUPPORTED),
        ("", None),
        ("application/octet-stream", None),
        ("*/*", None),
        ("html", None),
        ("text/plain", None),
    ],
)
def test_declared(content_type: str, kind: Kind | None) -> None:
    assert declared_kind(content_type) is kind


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"", Kind.TEXT),
        (b"hello", Kind.TEXT),
        (b"<!DOCTYPE html>", Kind.HTML),
        (b" \r\n\t<!doctype HTML PUBLIC", Kind.HTML),
        (b"\xef\xbb\xbf<html lang=en>", Kind.HTML),
        (b"<!-- a comment -->", Kind.HTML),
        (b"<body class=x>", Kind.HTML),
        (b"<b>bold", Kind.HTML),
        (b"<br>", Kind.HTML),
        (b"<p >x", Kind.HTML),
        (b"<article>", Kind.TEXT),
        (b"<abbr>", Kind.TEXT),
        (b"<?xml version='1.0'?><rss>", Kind.XML),
        (b'{"a": 1}', Kind.JSON),
        (b"  [1, 2]", Kind.JSON),
        (b"\xff\xfeh\x00i\x00", Kind.TEXT),
        (b"\xfe\xff\x00h\x00i", Kind.TEXT),
        (b"\xff\xfe\x00\x00h\x00\x00\x00", Kind.TEXT),
        (b"\x00\x00\xfe\xff\x00\x00\x00h", Kind.TEXT),
        ("grün".encode("latin-1"), Kind.TEXT),
        (b"%PDF-1.7\n%\x01\x02", Kind.UNSUPPORTED),
        (b"\x89PNG\r\n\x1a\n\x00", Kind.UNSUPPORTED),
        (b"GIF89a\x01\x00\x01\x00", Kind.UNSUPPORTED),
        (b"PK\x03\x04", Kind.UNSUPPORTED),
        (b"\x1f\x8b\x08\x00", Kind.UNSUPPORTED),
    ],
)
def test_sniffed(head: bytes, kind: Kind) -> None:
    assert sniffed_kind(head) is kind


def test_text_that_is_none_is_found_out() -> None:
    assert kind_of("text/plain", b"\x89PNG\r\n\x1a\n\x00") is Kind.UNSUPPORTED
    assert kind_of("text/plain; charset=utf-8", b"\x00\x01") is Kind.UNSUPPORTED
    assert kind_of("text/plain; charset=utf-16", b"h\x00i\x00") is Kind.TEXT


def test_what_windows_calls_excel_is_told_by_its_first_bytes() -> None:
    name = "application/vnd.ms-excel"
    assert kind_of(name, b"Name;Price\nFlour;2\n") is Kind.TEXT
    assert kind_of(name, b"<html><body><table><tr><td>Flour") is Kind.HTML
    assert kind_of(name, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\x00\x00") is Kind.UNSUPPORTED


def test_text_stays_text_whatever_it_looks_like() -> None:
    assert kind_of("text/plain", b"<!DOCTYPE html><p>source") is Kind.TEXT
    assert kind_of("text/plain", b'{"a": 1}') is Kind.TEXT


def test_a_declared_type_is_believed() -> None:
    assert kind_of("text/html", b"\x00\x01") is Kind.HTML


@given(st.text(max_size=30), st.binary(max_size=60))
def test_anything_has_a_kind(content_type: str, body: bytes) -> None:
    assert isinstance(kind_of(content_type, body), Kind)


@pytest.mark.parametrize("content_type", sorted(TEXT))
def test_what_extraction_reads_is_fetched(content_type: str) -> None:
    assert declared_kind(content_type) is Kind.TEXT


@pytest.mark.parametrize("content_type", ["text/html", "text/html; charset=utf-8", "text/plain", "application/json"])
@pytest.mark.parametrize(
    "body", [b"PK\x03\x04\x14\x00\x00", b"\x89PNG\r\n\x1a\n\x00", b"\xff\xd8\xff\xe0\x00", b"Rar!\x1a\x07\x00"]
)
def test_archives_and_pictures_are_none_whatever_they_are_called(content_type: str, body: bytes) -> None:
    assert kind_of(content_type, body) is Kind.UNSUPPORTED


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{\n  "name": 1\n}', Kind.JSON),
        (b'[\n  {\n    "name": 1\n  }\n]', Kind.JSON),
        (b'["a", "b"]', Kind.JSON),
        (b"[[1, 2], [3, 4]]", Kind.JSON),
        (b"{{ template }} <p>words</p>", Kind.HTML),
        (b"[1] A note <p>words</p>", Kind.HTML),
        (b"{ color: red } <p>words</p>", Kind.HTML),
        (b'"quoted" <p>words</p>', Kind.HTML),
    ],
)
def test_json_that_is_called_html_is_json(body: bytes, kind: Kind) -> None:
    assert kind_of("text/html", body) is kind
