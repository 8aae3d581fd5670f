"""Extracts the content of a page: cleaned HTML, Markdown and metadata. Pure functions without I/O or state."""

from __future__ import annotations

from pagemill.extraction.pipeline import METADATA, extract

__all__ = ["METADATA", "extract"]
