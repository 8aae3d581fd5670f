"""The pages of these tests: what the software of discussions writes, one file for each kind."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent


def page(name: str) -> str:
    """The HTML of a page."""
    return (FOLDER / f"{name}.html").read_text(encoding="utf-8")
