from __future__ import annotations

import json

import pytest
from turbohtml import parse

from pagemill.extraction.choosing import embedded_text

TEXT = "A jacket that keeps out wind & rain."


def added(head: str) -> list[str]:
    tree = parse(f"<head>{head}</head><body></body>")
    body = tree.select_one("body")
    assert body is not None
    embedded_text.add(tree, body)
    return [paragraph.text for paragraph in body.select("p")]


def ld(value: object) -> str:
    return f'<script type="application/ld+json">{json.dumps(value)}</script>'


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("", []),
        (f'<meta name="description" content="{TEXT}">', []),
        (ld({"@type": "Product", "description": TEXT}), [TEXT]),
        (ld({"@graph": [{"articleBody": f"<p>{TEXT}</p>"}, {"description": TEXT}]}), [TEXT]),
        (ld({"description": "too short"}) + f'<meta property="og:description" content="{TEXT}">', []),
        (ld({"description": "一件防风防雨的轻便夹克，适合秋冬穿着。"}), ["一件防风防雨的轻便夹克，适合秋冬穿着。"]),
        (ld({"description": {"odd": [1, None, TEXT]}}), []),
        ('<script type="application/ld+json">{broken</script>', []),
    ],
)
def test_structured_data_alone(head, expected):
    assert added(head) == expected


def test_nesting_without_end_is_not_followed():
    value: object = {"text": TEXT}
    for _ in range(200):
        value = {"x": value}
    assert added(ld(value)) == []
