"""Extracts the content of a page: cleaned HTML, Markdown and metadata. Pure functions without I/O or state.

`extract` is loaded when it is asked for: workers import parts of this package, and need neither the model nor numpy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pagemill.extraction.pipeline import extract

__all__ = ["extract"]


def __getattr__(name: str) -> Any:
    if name == "extract":
        from pagemill.extraction import pipeline

        return pipeline.extract
    raise AttributeError(f"module 'pagemill.extraction' has no attribute '{name}'")
