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


# Code units of UTF-16, as JavaScript's strings have them: any, and often a surrogate with or without its other half.
# Numbers, for a report with a surrogate in it ends the process that the test runs in.
@given(st.lists(st.integers(0, 0xFFFF) | st.integers(0xD800, 0xDFFF)))
async def test_any_text_is_read(units):
    commands, ours = os.pipe()
    answers, theirs = os.pipe()
    connection = await Connection.open(answers, ours, lambda: None)
    try:
        written = "".join(f"\\u{unit:04x}" for unit in units).encode()
        [seen] = await seen_of((connection, commands, theirs), event(written) + END, 1)
    finally:
        connection.close()
        os.close(commands)
        os.close(theirs)
    text = b"".join(unit.to_bytes(2, "little") for unit in units).decode("utf-16-le", "surrogatepass")
    assert [ord(char) for char in seen] == [0xFFFD if 0xD800 <= ord(char) < 0xE000 else ord(char) for char in text]


async def test_a_message_that_cannot_be_read_costs_no_other(chromium):
    deep = b'{"method":"x","params":' + b"[" * 20_000 + b"]" * 20_000 + b"}"
    messages = (event(b"first"), b"{not json", deep, event(b"second"))
    assert await seen_of(chromium, END.join(messages) + END, 2) == ["first", "second"]


async def test_a_listener_that_fails_costs_no_other(chromium):
    connection, _, _ = chromium
    connection.root.on("Page.windowOpen", lambda parameters: parameters["missing"])
    assert await seen_of(chromium, event(b"first") + END + event(b"second") + END, 2) == ["first", "second"]
