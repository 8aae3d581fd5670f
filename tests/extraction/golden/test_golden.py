"""Whole pages of well-known kinds, and the Markdown that a careful reader would want of each."""

from __future__ import annotations

import re
from difflib import unified_diff
from pathlib import Path

import pytest

from pagemill.extraction import extract
from pagemill.model import Format

HERE = Path(__file__).parent
PAGES = HERE / "pages"
EXPECTED_FAILURES = HERE / "expected_failures.txt"
_URL = re.compile(rb"<!-- url: (\S+) -->")
_DEFAULT_URL = "https://example.org/page"


def _names() -> list[str]:
    return sorted(path.stem for path in PAGES.glob("*.html"))


def _expected_failures() -> list[str]:
    return EXPECTED_FAILURES.read_text(encoding="utf-8").split()


def _markdown(name: str) -> str:
    html = (PAGES / f"{name}.html").read_bytes()
    url = _URL.match(html)
    return extract(html, url[1].decode() if url else _DEFAULT_URL, formats={Format.MARKDOWN}).markdown


def _cases() -> list[object]:
    failing = frozenset(_expected_failures())
    xfail = pytest.mark.xfail(strict=True, reason="listed in expected_failures.txt")
    return [pytest.param(name, marks=[xfail] if name in failing else []) for name in _names()]


@pytest.mark.parametrize("name", _cases())
def test_a_page_gives_its_markdown(name: str):
    expected = (PAGES / f"{name}.md").read_text(encoding="utf-8")
    markdown = _markdown(name)
    if markdown != expected:
        lines = unified_diff(expected.splitlines(), markdown.splitlines(), "expected", "extracted", lineterm="", n=1)
        pytest.fail("\n".join([name, *lines]), pytrace=False)


def test_every_page_has_its_markdown_and_every_expected_failure_its_page():
    assert _names() == sorted(path.stem for path in PAGES.glob("*.md"))
    assert set(_expected_failures()) <= set(_names())
    assert _expected_failures() == sorted(set(_expected_failures()))
