"""The columns of the output, and what extraction has to make for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pagemill.errors import UsageError
from pagemill.model import METADATA, PAGE_TYPE, READABILITY, TEXT, TEXT_LANGUAGE, Format

if TYPE_CHECKING:
    from collections.abc import Iterable

Row = dict[str, Any]
"""A value for each column; None where there is none."""

DUPLICATE_OF = "duplicate_of"

_FORMATS = {
    "markdown": Format.MARKDOWN.value,
    "cleaned_html": Format.CLEANED_HTML.value,
    "text": TEXT,
    "links": Format.LINKS.value,
    "text_language": TEXT_LANGUAGE,
    "readability": READABILITY,
    "type": PAGE_TYPE,
}
COLUMNS = (
    *("url", "title", "author", "published", "language", "markdown", "cleaned_html", "text"),
    *("links", "metadata", "quality", "text_language", "readability", "type", "error"),
)
NUMBERS = ("quality", "readability")
DEFAULT_COLUMNS = ("url", "title", "author", "published", "language", "markdown", "quality", "type", "error")


def checked(names: Iterable[str]) -> tuple[str, ...]:
    """Return the names of columns, each once. Raises UsageError for one that there is not."""
    chosen = tuple(dict.fromkeys(names))
    for name in chosen:
        if name not in COLUMNS:
            raise UsageError(f"There is no column {name!r}. The columns are {', '.join(COLUMNS)}.")
    if not chosen:
        raise UsageError("At least one column is needed.")
    return chosen


def formats_of(columns: Iterable[str]) -> tuple[str, ...]:
    """Return what extraction has to make beside the metadata."""
    return tuple(_FORMATS[name] for name in columns if name in _FORMATS)


def row_of(columns: Iterable[str], url: str | None, values: dict[str, Any], quality: float | None) -> Row:
    """Return the row of an extracted page; `values` are those of extraction, by format."""
    metadata = values[METADATA]
    found: Row = {
        "url": url,
        "title": metadata.get("title"),
        "author": metadata.get("author"),
        "published": metadata.get("published"),
        "language": metadata.get("language"),
        "metadata": {name: value for name, value in metadata.items() if value},
        "quality": quality,
    }
    found |= {name: values.get(key) for name, key in _FORMATS.items()}
    return {name: found.get(name) for name in columns}


def failed_row(columns: Iterable[str], url: str | None, error: str) -> Row:
    """Return the row of a record that could not be extracted."""
    found = {"url": url, "error": error}
    return {name: found.get(name) for name in columns}


def size_of(row: Row) -> int:
    """About how many bytes of memory a row's values take."""
    size = 200
    for value in row.values():
        if isinstance(value, str):
            size += len(value)
        elif isinstance(value, list):
            size += sum(200 + len(link["href"]) + len(link["text"]) for link in value)
        elif isinstance(value, dict):
            size += 1000
    return size
