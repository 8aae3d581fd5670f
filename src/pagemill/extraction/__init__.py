"""Bytes to content: cleaned HTML, Markdown and metadata. Pure functions, no I/O, no state between calls."""

from __future__ import annotations

from pagemill.extraction.pipeline import METADATA, extract

__all__ = ["METADATA", "extract"]
