"""Which files are read, and as what: by the ends of their names."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING
from urllib.parse import quote, urljoin

from pagemill.errors import OperatorError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class SourceKind(Enum):
    """What an input is."""

    WARC = "warc"
    WACZ = "wacz"
    ZIP = "zip"
    TAR = "tar"
    JSON_LINES = "json lines"
    PARQUET = "parquet"
    PAGE = "page"


_SUFFIXES = {
    (".warc", ".warc.gz", ".warc.zst"): SourceKind.WARC,
    (".wacz",): SourceKind.WACZ,
    (".zip",): SourceKind.ZIP,
    (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz"): SourceKind.TAR,
    (".jsonl", ".jsonl.gz", ".jsonl.zst", ".ndjson", ".ndjson.gz", ".ndjson.zst"): SourceKind.JSON_LINES,
    (".parquet",): SourceKind.PARQUET,
    (".html", ".htm", ".xhtml", ".pdf"): SourceKind.PAGE,
}
_PAGE_TYPES = {".pdf": "application/pdf", ".xhtml": "application/xhtml+xml"}


@dataclass(frozen=True, slots=True)
class Source:
    """One file that is read."""

    path: Path
    kind: SourceKind
    url: str
    """Of a page: its address. Of an archive of files: what the addresses of its pages begin with."""


def kind_of_name(name: str) -> SourceKind | None:
    """Return what a file is by its name; None for one that is not read."""
    lower = name.lower()
    return next((kind for suffixes, kind in _SUFFIXES.items() if lower.endswith(suffixes)), None)


def type_of_name(name: str) -> str:
    """Return the Content-Type of a page by its name."""
    return next((kind for suffix, kind in _PAGE_TYPES.items() if name.lower().endswith(suffix)), "text/html")


def address(base: str, name: str) -> str:
    """Return the URL of a file below a folder or in an archive."""
    return urljoin(base, quote(name.lstrip("/"), errors="surrogateescape"))


def shown(path: Path) -> str:
    """Return a path as text that can be written, whatever bytes it has."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def expand(paths: Iterable[Path], base_url: str | None) -> list[Source]:
    """Return the files that are read, folders in the order of their names. Raises UsageError and OperatorError."""
    found: list[Source] = []
    for path in paths:
        if path.is_dir():
            base = base_url or f"{path.resolve().as_uri()}/"
            for file in sorted(path.rglob("*")):
                kind = kind_of_name(file.name)
                if kind is not None and file.is_file():
                    name = file.relative_to(path).as_posix()
                    # An archive is a folder of its own.
                    found.append(Source(file, kind, address(base, name if kind is SourceKind.PAGE else f"{name}/")))
        elif path.exists():
            found.append(_named(path, base_url))
        else:
            raise OperatorError(f"There is no file {path}.")
    if not found:
        raise UsageError("The folders hold no files that can be read.")
    return found


def _named(path: Path, base_url: str | None) -> Source:
    kind = kind_of_name(path.name)
    if kind is None:
        known = ", ".join(suffix for suffixes in _SUFFIXES for suffix in suffixes)
        raise UsageError(f"What {path} holds cannot be told by its name. Names end in {known}.")
    if kind is SourceKind.PAGE:
        return Source(path, kind, address(base_url, path.name) if base_url else path.resolve().as_uri())
    return Source(path, kind, base_url or f"{path.resolve().as_uri()}/")
