from __future__ import annotations

import pytest

from pagemill.extraction.reading import document

URL = "https://example.org/folder/page"
JAPANESE = "日本語のページもときどき文字コードを書きません。"
XML = '<?xml version="1.0" encoding="koi8-r"?>'
RUSSIAN = "<p>Съешь же ещё этих мягких французских булок, да выпей чаю</p>"


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        ("<p>é".encode(), "text/html; charset=utf-8", "<p>é"),
        ("<p>é".encode("latin-1"), 'text/html; charset="ISO-8859-1"', "<p>é"),
        ("<p>é".encode("latin-1"), "", "<p>é"),
        ("<meta charset=windows-1251><p>чай".encode("cp1251"), "", "<meta charset=windows-1251><p>чай"),
        ("\ufeff<p>é".encode(), "text/html; charset=iso-8859-1", "<p>é"),
        ("\ufeff<p>é".encode("utf-16-le"), "text/html; charset=utf-8", "<p>é"),
        ("<p>日本".encode("shift_jis"), "text/html; charset=Shift_JIS", "<p>日本"),
        (b"<p>\xff\xfe\xfa", "text/html; charset=utf-8", "<p>\ufffd\ufffd\ufffd"),
        (RUSSIAN.encode("cp1251"), "", RUSSIAN),
        (RUSSIAN.encode("cp1251"), "text/html; charset=no-such-thing", RUSSIAN),
        (b"", "", ""),
        ("<p>Größere Wörter über".encode(), "text/html; charset=iso-8859-1", "<p>Größere Wörter über"),
        ("<meta charset=latin1><p>Größere Wörter".encode(), "", "<meta charset=latin1><p>Größere Wörter"),
        (RUSSIAN.encode()[:-5], "text/html; charset=windows-1251", RUSSIAN[:-5] + "\ufffd"),
        ("<p>Ã¼".encode("cp1252"), "text/html; charset=windows-1252", "<p>Ã¼"),
        (RUSSIAN.encode("utf-16-le"), "", RUSSIAN),
        (RUSSIAN.encode("koi8-r"), "text/html; charset=utf-8", RUSSIAN),
        (b"<meta charset=utf-8>" + RUSSIAN.encode("cp1251"), "", "<meta charset=utf-8>" + RUSSIAN),
        (b"<meta charset=koi8-r>" + RUSSIAN.encode("koi8-r"), "", "<meta charset=koi8-r>" + RUSSIAN),
        (b'<?xml version="1.0" encoding="koi8-r"?>' + RUSSIAN.encode("koi8-r"), "", XML + RUSSIAN),
        (b'<?xml version="1.0" encoding="utf-16"?>' + RUSSIAN.encode(), "", XML.replace("koi8-r", "utf-16") + RUSSIAN),
        (b"<html><p>" + JAPANESE.encode("iso2022_jp"), "", "<html><p>" + JAPANESE),
        (b"<html><p>" + JAPANESE.encode("iso2022_jp"), "text/html; charset=iso-2022-jp", "<html><p>" + JAPANESE),
        (RUSSIAN.encode("utf-16-be"), "text/html; charset=utf-8", RUSSIAN),
        ("\ufeff<html><p>日本語".encode("utf-32-le"), "text/html; charset=utf-8", "<html><p>日本語"),
        ("\ufeff<html><p>日本語".encode("utf-32-be"), "text/html", "<html><p>日本語"),
        ("<html><p>日本語".encode("utf-16-le"), "text/html", "<html><p>日本語"),
    ],
)
def test_encoding_by_byte_order_mark_then_header_then_markup_then_detection(body, content_type, expected):
    assert document.read(body, URL, content_type).html == expected


def test_tree_and_text_agree():
    page = document.read("<p>é".encode("latin-1"), URL, "text/html; charset=latin1")
    assert page.tree.to_text().strip() == "é"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (b"<p>x", URL),
        (b"<base href='/other/'><p>x", "https://example.org/other/"),
        (b"<base href='https://cdn.example/x'><p>x", "https://cdn.example/x"),
        (b"<base href='javascript:x'><p>x", URL),
        (b"<base target=_top><base href='/other/'><p>x", "https://example.org/other/"),
    ],
)
def test_base_url(html, expected):
    assert document.read(html, URL).base_url == expected


@pytest.mark.parametrize(("html", "tag"), [(b"", "body"), (b"<p>x", "body"), (b"<frameset><frame>", "frameset")])
def test_body(html, tag):
    assert document.read(html, URL).body.tag == tag


def test_noscript_is_read_as_elements():
    page = document.read(b"<body><noscript><p>post</p></noscript>", URL)
    assert page.body.select_one("noscript > p") is not None
