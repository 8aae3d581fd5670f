from __future__ import annotations

import pytest

from pagemill.extraction.reading.encoding import decode, surely_utf8

GERMAN = "Größere Wörter über Flüsse"
CHINESE = "中文网页的编码常常写错，浏览器因此显示乱码。"
RUSSIAN = "Съешь же ещё этих мягких французских булок"
JAPANESE = "日本語のページもときどき文字コードを書きません。"
XML = '<?xml version="1.0" encoding="koi8-r"?>'


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        (GERMAN.encode(), "text/plain; charset=iso-8859-1", GERMAN),
        (GERMAN.encode("latin-1"), "text/plain; charset=iso-8859-1", GERMAN),
        (GERMAN.encode("latin-1"), "text/plain; charset=utf-8", GERMAN),
        (b"H\xf6he", "text/plain; charset=utf-8", "H\ufffdhe"),
        (GERMAN.encode() + b" H\xf6he", "text/plain; charset=utf-8", GERMAN + " H\ufffdhe"),
        (GERMAN.encode() + b" H\xf6he", "text/plain", GERMAN + " H\ufffdhe"),
        (CHINESE.encode("gbk"), "text/plain; charset=utf-8", CHINESE),
        (CHINESE.encode("gbk"), "text/plain; charset=gb2312", CHINESE),
        (CHINESE.encode("gbk"), "text/plain", CHINESE),
        (b'<?xml version="1.0" encoding="koi8-r"?>' + RUSSIAN.encode("koi8-r"), "text/xml", XML + RUSSIAN),
        (JAPANESE.encode("iso2022_jp"), "text/plain", JAPANESE),
        (GERMAN.encode("utf-16-le"), "text/plain; charset=utf-8", GERMAN),
        (GERMAN.encode("utf-16-be"), "text/plain", GERMAN),
        (GERMAN.encode("utf-16"), "text/plain", GERMAN),
        (f"\ufeff{CHINESE}".encode("utf-32-le"), "text/plain; charset=utf-8", CHINESE),
        (f"\ufeff{CHINESE}".encode("utf-32-be"), "", CHINESE),
        (GERMAN.encode("utf-32-le"), "text/plain", GERMAN),
        (GERMAN.encode("utf-32-be"), "text/plain", GERMAN),
        ("\ufeffa".encode("utf-32-le") + b"\xff\xff\xff\xff\0", "text/plain", "a\ufffd\ufffd"),
        (b"\0\0\0\0", "text/plain; charset=utf-8", "\0\0\0\0"),
        (b"", "", ""),
    ],
)
def test_bytes_that_leave_no_doubt_count_more_than_what_is_declared(body, content_type, expected):
    assert decode(body, content_type) == expected


@pytest.mark.parametrize(
    ("body", "content_type", "is_sure"),
    [
        (GERMAN.encode(), "", True),
        (CHINESE.encode(), "text/html; charset=gbk", True),
        ("café, thé et pâté".encode(), "", True),
        ("café, thé".encode(), "", False),
        (b"ASCII", "", False),
        (GERMAN.encode("latin-1"), "", False),
        (GERMAN.encode()[:3], "", False),
        (GERMAN.encode(), "text/html; charset=utf-16le", False),
        (b"\xef\xbb\xbf" + GERMAN.encode(), "", False),
    ],
)
def test_most_pages_are_utf8_whatever_they_declare(body, content_type, is_sure):
    assert surely_utf8(body, content_type) == (body.decode() if is_sure else None)
