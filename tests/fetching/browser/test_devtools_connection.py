from __future__ import annotations

import asyncio
import os

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagemill.fetching.browser.devtools.connection import Connection

END = b"\0"


@pytest.fixture
async def chromium():
    """A connection, and the two descriptors that Chromium would have: to read commands, and to write answers."""
    commands, ours = os.pipe()
    answers, theirs = os.pipe()
    connection = await Connection.open(answers, ours, lambda: None)
    yield connection, commands, theirs
    connection.close()
    os.close(commands)
    os.close(theirs)


def event(url, method="Page.windowOpen"):
    return b'{"method":"%s","params":{"url":"%s"}}' % (method.encode(), url)


async def seen_of(chromium, written, count):
    connection, _, theirs = chromium
    seen = []
    connection.root.on("Page.windowOpen", lambda parameters: seen.append(parameters["url"]))
    os.write(theirs, written)
    async with asyncio.timeout(5):
        while len(seen) < count:
            await asyncio.sleep(0)
    return seen


async def test_what_is_no_unicode_is_replaced(chromium):
    texts = (b"lone \\ud800", b"\\udc00\\ud800", b"\\ud83d\\ude00 \\udfff", b"\xff raw", b"\\\\ud800 \\ud800")
    seen = await seen_of(chromium, b"".join(event(text) + END for text in texts), len(texts))
    assert seen == ["lone \ufffd", "\ufffd\ufffd", "\U0001f600 \ufffd", "\ufffd raw", "\\ud800 \ufffd"]
    assert all(orjson.dumps(text) for text in seen)  # it can be sent back


@given(st.text(st.characters()))
async def test_any_text_is_read(text):
    commands, ours = os.pipe()
    answers, theirs = os.pipe()
    connection = await Connection.open(answers, ours, lambda: None)
    try:
        written = "".join(f"\\u{unit:04x}" for unit in _units(text)).encode()
        [seen] = await seen_of((connection, commands, theirs), event(written) + END, 1)
    finally:
        connection.close()
        os.close(commands)
        os.close(theirs)
    assert seen == text


def _units(text):
    encoded = text.encode("utf-16-le", "surrogatepass")
    return [int.from_bytes(encoded[at : at + 2], "little") for at in range(0, len(encoded), 2)]


async def test_a_message_that_cannot_be_read_costs_no_other(chromium):
    deep = b'{"method":"x","params":' + b"[" * 20_000 + b"]" * 20_000 + b"}"
    messages = (event(b"first"), b"{not json", deep, event(b"second"))
    assert await seen_of(chromium, END.join(messages) + END, 2) == ["first", "second"]


async def test_a_listener_that_fails_costs_no_other(chromium):
    connection, _, _ = chromium
    connection.root.on("Page.windowOpen", lambda parameters: parameters["missing"])
    assert await seen_of(chromium, event(b"first") + END + event(b"second") + END, 2) == ["first", "second"]
