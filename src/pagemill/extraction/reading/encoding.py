"""Finds the encoding of bytes, and decodes documents that are not HTML.

What a document declares holds, with two exceptions. Bytes that can only be UTF-8 or UTF-16 are that. And UTF-8 is not
believed where most of the characters outside ASCII are not valid in it. What declares nothing is detected.
"""

from __future__ import annotations

import codecs
import re
from itertools import islice

import turbohtml
from turbohtml.detect import Detection, detect  # registers the `whatwg-*` codecs

UTF_8 = "utf-8"
_FALLBACK = "windows-1252"
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([^\s\"';,]+)", re.IGNORECASE)
_XML_ENCODING = re.compile(rb"""<\?xml[^>]{0,200}?\sencoding\s*=\s*["']([\w.:-]{1,40})["']""")
_NON_ASCII = re.compile(r"[^\x00-\x7f]")
_BYTE_ORDER_MARKS = ((codecs.BOM_UTF8, UTF_8), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))

_TEXT_RUN = re.compile(rb"[^<>\x80-\xff]{0,100}[\x80-\xff][^<>]{0,2000}")
"""Text with bytes outside ASCII, without tags. No encoding but ISO-2022-JP uses the bytes of `<` and `>` in others."""
_SAMPLE_BYTES = 2_000
"""Detection takes more than a tenth of a millisecond for each kB, and is no better with more."""
_ISO_2022_JP = re.compile(rb"\x1b(?:\$[@B]|\([IJ])")
"""What switches to Japanese in ISO-2022-JP, whose bytes are all ASCII."""
_MIN_UTF8_CHARACTERS = 3
"""Text in another encoding that is valid UTF-8 by chance is short: pages have been seen with two such characters."""
_MIN_INVALID_CHARACTERS = 4
"""Fewer may be damage to a page that is UTF-8 as it declares."""
_UTF16_SAMPLE = 6
"""The first three characters."""
_UTF32_MARKS = {"utf-32-le": codecs.BOM_UTF32_LE, "utf-32-be": codecs.BOM_UTF32_BE}
_UNMARKED_UTF32 = {
    "utf-32-le": re.compile(rb"(?:[\x01-\x7f]\0{3}){2}"),
    "utf-32-be": re.compile(rb"(?:\0{3}[\x01-\x7f]){2}"),
}
"""Two ASCII characters, with which markup begins."""


def without_utf32(body: bytes) -> bytes:
    """Return bytes in UTF-32 as UTF-8 with a byte-order mark, and any other bytes as they are.

    The Encoding standard has no UTF-32, so browsers and the parser read it as UTF-16, with a NUL after each character.
    """
    for codec, mark in _UTF32_MARKS.items():
        if body.startswith(mark):
            body = body[len(mark) :]
        elif not _UNMARKED_UTF32[codec].match(body):
            continue
        return codecs.BOM_UTF8 + body.decode(codec, "replace").encode("utf-8", "replace")
    return body


def decode(body: bytes, content_type: str) -> str:
    """Decode a document that is not HTML. Bytes that are invalid in its encoding become U+FFFD; nothing raises."""
    body = without_utf32(body)
    for bom, codec in _BYTE_ORDER_MARKS:
        if body.startswith(bom):
            return body[len(bom) :].decode(codec, "replace")
    named = unmarked_utf16(body) or declared(content_type) or xml_declared(body)
    return body.decode(f"whatwg-{checked(body, named)}", "replace")


def declared(content_type: str) -> str | None:
    """Return the charset of a Content-Type header, or None if it is missing or unknown to the Encoding standard."""
    match = _CHARSET.search(content_type)
    return match[1] if match is not None and _is_known(match[1]) else None


def xml_declared(body: bytes) -> str | None:
    """Return the encoding of an XML declaration, as the HTML standard reads it: with UTF-16 for UTF-8."""
    match = _XML_ENCODING.match(body)
    label = match[1].decode("ascii", "replace") if match is not None else ""
    if not label or not _is_known(label):
        return None
    return UTF_8 if label.lower().startswith("utf-16") else label


def surely_utf8(body: bytes, content_type: str) -> str | None:
    """Return the text of bytes that are UTF-8 whatever they declare, as most pages are; None if they may be another.

    The same as `checked` finds, without parsing the page for what it declares.
    """
    if has_mark(body) or unmarked_utf16(body) or (declared(content_type) or "").lower().startswith("utf-16"):
        return None
    text = _valid_utf8(body)
    if text is None:
        return None
    rest = len(body) - len(text)  # each character outside ASCII has one to three bytes more than characters
    is_certain = rest >= 3 * _MIN_UTF8_CHARACTERS
    return text if is_certain or (rest >= _MIN_UTF8_CHARACTERS and _has_enough_characters(text)) else None


def has_mark(body: bytes) -> bool:
    """Whether a byte-order mark says what the encoding is."""
    return body.startswith(tuple(bom for bom, _ in _BYTE_ORDER_MARKS))


def unmarked_utf16(body: bytes) -> str | None:
    """Return the encoding of UTF-16 that has no byte-order mark, recognised by the null bytes of ASCII characters.

    Markup begins with ASCII characters, whatever the language of its text.
    """
    first, second = body[:_UTF16_SAMPLE:2], body[1:_UTF16_SAMPLE:2]
    if len(second) < _UTF16_SAMPLE // 2 or (any(first) and any(second)):
        return None
    if all(first):
        return "utf-16le"
    return "utf-16be" if all(second) else None


def checked(body: bytes, label: str | None, tld: str | None = None) -> str:
    """Return the encoding of bytes without a byte-order mark that declare `label`, or nothing.

    `tld` is the last label of the host's name. Detection prefers what is usual there.
    """
    name = _standard_name(label) if label is not None else UTF_8
    if name.startswith("utf-16"):
        return name
    if name != UTF_8:
        return UTF_8 if _is_surely_utf8(body) else name
    if body.isascii():
        return "iso-2022-jp" if label is None and _ISO_2022_JP.search(body) else UTF_8
    return UTF_8 if _is_mostly_utf8(body, 0 if label is None else _MIN_INVALID_CHARACTERS) else _detected(body, tld)


def _is_known(label: str) -> bool:
    try:
        codecs.lookup(f"whatwg-{label}")
    except LookupError:
        return False
    return True


def _standard_name(label: str) -> str:
    """Return the name of the encoding that the Encoding standard gives this label, in lower case."""
    return (turbohtml.parse(b"", encoding=label).encoding or UTF_8).lower()


def _is_surely_utf8(body: bytes) -> bool:
    """Whether the bytes are valid UTF-8, with several characters outside ASCII. The last may be cut off."""
    if body.isascii():
        return False
    try:
        text, _ = codecs.utf_8_decode(body, "strict", False)
    except UnicodeDecodeError:
        return False
    return _has_enough_characters(text)


def _valid_utf8(body: bytes) -> str | None:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None


def _has_enough_characters(text: str) -> bool:
    """Whether a text has several characters outside ASCII."""
    return sum(1 for _ in islice(_NON_ASCII.finditer(text), _MIN_UTF8_CHARACTERS)) == _MIN_UTF8_CHARACTERS


def _is_mostly_utf8(body: bytes, tolerated: int) -> bool:
    """Whether at least half of the characters outside ASCII are valid UTF-8, or fewer than `tolerated` are not."""
    try:
        text, _ = codecs.utf_8_decode(body, "strict", False)
    except UnicodeDecodeError:
        text = body.decode("utf-8", "replace")
        invalid = text.count("\ufffd")
        return invalid < tolerated or len(text) - len(text.encode("ascii", "ignore")) >= 2 * invalid
    return tolerated > 0 or not text.isascii()  # all but a character that is cut off at the end


def _detected(body: bytes, tld: str | None) -> str:
    """Return the encoding that the frequency of bytes suggests. UTF-8 is ruled out already."""
    found = detect(_sample(body), Detection(excluded=frozenset({UTF_8}), tld=tld)).encoding
    return found.lower() if found is not None and _is_known(found) else _FALLBACK


def _sample(body: bytes) -> bytes:
    """Return the first pieces of text with bytes outside ASCII."""
    runs, length = [], 0
    for match in _TEXT_RUN.finditer(body):
        runs.append(match[0])
        length += len(match[0])
        if length >= _SAMPLE_BYTES:
            break
    return b"\n".join(runs)
