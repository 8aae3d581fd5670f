"""Where `pagemill crawl` writes: standard output, one file, or a folder with a file for each page under its path.

How far a crawl was read stands beside the output, so that `--resume` reads on.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO
from urllib.parse import urlsplit

import orjson

from pagemill.cli.output.page_output import SUFFIXES, places, write_file
from pagemill.cli.output.parquet_pages import ParquetPages, is_parquet
from pagemill.errors import OperatorError, UsageError
from pagemill.extraction.postprocessing import front_matter

if TYPE_CHECKING:
    from pagemill.client import CrawlPage

_STATE = ".pagemill-crawl.json"
_UNSAFE = re.compile(r"[^\w.~-]+")
_LONGEST_PART = 80
_MOST_PARTS = 12
_INDEX = "index"
"""The file of a path that ends in a slash."""


@dataclass(frozen=True, slots=True)
class Place:
    """How far a crawl was read."""

    crawl_id: str
    after: int
    """The number of the last page that was written."""
    size: int
    """Bytes of the output, where that is one file, or its parts, where that is Parquet, with that page. What stands
    after them was never finished."""


class CrawlOutput:
    """The output of one crawl. Without a path it is standard output, which cannot be resumed."""

    def __init__(self, path: str | None, form: str, *, start: str, front_matter: bool = False) -> None:
        self._form = form
        self._host = urlsplit(start).netloc
        self._has_front_matter = front_matter
        self._folder, self._file = places(path, several=True)
        self._stream: TextIO = sys.stdout
        self._written = False
        self._table = ParquetPages(self._file) if self._file and is_parquet(self._file) else None
        self._after: tuple[str, int] | None = None
        """Of Parquet: the last page that was read, which its part may yet wait for."""

    def place(self) -> Place:
        """Return how far an earlier run came. Raises UsageError where there was none."""
        state = self._state
        if state is None:
            raise UsageError("--resume needs --output: it reads on after what is there.")
        try:
            value = orjson.loads(state.read_bytes())
            return Place(str(value["crawl"]), int(value["after"]), int(value["size"]))
        except (OSError, ValueError, KeyError, TypeError):
            raise UsageError(f"There is no crawl to go on with: {state} cannot be read.") from None

    def open(self) -> None:
        """Make the folder, or open the file, and change nothing of what is there. Raises OperatorError."""
        try:
            if self._folder:
                self._folder.mkdir(parents=True, exist_ok=True)
            elif self._file and not self._table:
                self._stream = self._file.open("a", encoding="utf-8")
        except OSError as error:
            raise self._unwritable(error) from error

    def close(self) -> None:
        """Close the file."""
        if self._stream is not sys.stdout:
            self._stream.close()

    def begin(self, place: Place) -> None:
        """Go on after this place. A file is cut to it. Raises OperatorError."""
        if self._table:
            if place.after:
                self._table.go_on(place.size)
            else:
                self._table.begin()
            self._after = (place.crawl_id, place.after)
            self._note(*self._after, self._table.write())
            return
        try:
            if self._file and self._file.is_file() and self._file.stat().st_size > place.size:
                os.truncate(self._file, place.size)
        except OSError as error:
            raise self._unwritable(error) from error
        self._written = place.size > 0
        self.remember(place.crawl_id, place.after)

    def write(self, page: CrawlPage) -> None:
        """Write a page. One that failed, or whose content an earlier page has, is in JSON and Parquet alone."""
        if self._table:
            self._table.add(page.raw)
            return
        text = self._text(page)
        if text is None:
            return
        try:
            if self._folder:
                file = self._folder / page_path(page.url, self._host, SUFFIXES[self._form])
                file.parent.mkdir(parents=True, exist_ok=True)
                write_file(file, text.encode())
                return
            self._stream.write(text if not self._written or self._form == "json" else f"\n{text}")
            self._stream.flush()
            self._written = True
        except BrokenPipeError:
            raise
        except OSError as error:
            raise self._unwritable(error) from error

    def remember(self, crawl_id: str, after: int) -> None:
        """Keep how far the crawl was read, after its page was written."""
        if self._table:
            self._after = (crawl_id, after)
            if self._table.is_due:
                self._note(crawl_id, after, self._table.write())
            return
        try:
            size = self._file.stat().st_size if self._file else 0
        except OSError as error:
            raise self._unwritable(error) from error
        self._note(crawl_id, after, size)

    def finish(self) -> None:
        """Complete the output, if anything was begun in it: a Parquet file appears with the pages that were read."""
        if self._table and self._after:
            self._note(*self._after, self._table.write())
            self._table.finish()

    def _note(self, crawl_id: str, after: int, size: int) -> None:
        if self._state is None:
            return
        try:
            write_file(self._state, orjson.dumps({"crawl": crawl_id, "after": after, "size": size}))
        except OSError as error:
            raise self._unwritable(error) from error

    @property
    def _state(self) -> Path | None:
        if self._folder:
            return self._folder / _STATE
        return self._file.with_name(f".{self._file.name}{_STATE}") if self._file else None

    def _text(self, page: CrawlPage) -> str | None:
        if self._form == "json":
            return orjson.dumps({key: value for key, value in page.raw.items() if value is not None}).decode() + "\n"
        if not page.is_completed or page.duplicate_of is not None:
            return None
        if self._form == "markdown":
            text = page.markdown or ""
            if self._has_front_matter:
                return text
            return front_matter.write({"url": page.final_url or page.url, "title": page.metadata.get("title")}) + text
        return (page.html if self._form == "html" else page.cleaned_html) or ""

    def _unwritable(self, error: OSError) -> OperatorError:
        return OperatorError(f"{self._folder or self._file or 'The output'} cannot be written: {error.strerror}.")


def page_path(url: str, host: str, suffix: str) -> Path:
    """Return the path of a page's file in a folder: that of its URL, below its host where it is not `host`.

    What a file name cannot say exactly (a query, odd characters, great length, `index`, slashes in a row, a folder with
    the name of a file or of another host) is told apart by a digest. No part begins with a dot.
    """
    parsed = urlsplit(url)
    *raw_folders, raw_name = parsed.path.removeprefix("/").split("/")
    folders = [_folder(part, suffix) for part in raw_folders if part]
    name = _safe(raw_name) if raw_name else _INDEX
    is_exact = (
        folders == raw_folders
        and (name == raw_name != _INDEX or not raw_name)
        and not parsed.query
        and len(folders) < _MOST_PARTS
        and not (folders and _bare(host) in folders[0].lower())
    )
    if len(folders) >= _MOST_PARTS:
        folders, name = folders[: _MOST_PARTS - 1], folders[_MOST_PARTS - 1]
    digest = "" if is_exact else "-" + hashlib.sha256(url.encode()).hexdigest()[:8]
    above = [] if parsed.netloc == host else [_folder(parsed.netloc, suffix)]
    return Path(*above, *folders, f"{name}{digest}{suffix}")


def _bare(host: str) -> str:
    """What the folders of all hosts of a site have in their names."""
    return _safe(host.lower().removeprefix("www."))


def _folder(part: str, suffix: str) -> str:
    """A name of a folder, which is never one of a file: `/a` is written to `a.md`, so `/a.md/b` is not in `a.md`."""
    name = _safe(part)
    return f"{name}-" if name.lower().endswith(suffix) else name


def _safe(part: str) -> str:
    """A name of a file or a folder that is as near to a part of a path as may be; the longest is in bytes."""
    return _UNSAFE.sub("-", part).encode()[:_LONGEST_PART].decode(errors="ignore").lstrip(".") or "-"
