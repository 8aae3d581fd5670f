"""Where `pagemill scrape` writes: standard output, one file, or a folder with a file for each URL.

A page's text is written whole or not at all: files in a folder appear under their name once they are complete. No link
is followed in a folder.
"""

from __future__ import annotations

import os
import re
import sys
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from pagemill import bodies
from pagemill.cli.output.page_counts import PageCounts
from pagemill.cli.output.parquet_pages import ParquetPages, is_parquet
from pagemill.cli.output.resumed_lines import ResumedLines
from pagemill.cli.scrape_arguments import FORMATS
from pagemill.errors import OperatorError, UsageError
from pagemill.extraction.postprocessing import front_matter
from pagemill.in_process.outcome import PICTURES, answer_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TextIO

    from pagemill.model import Job, JsonObject, Page

SUFFIXES = {"markdown": ".md", "html": ".html", "cleaned-html": ".html", "json": ".json"}
_LONGEST_NAME = 120


class PageOutput:
    """The output of one command, for the URLs that are `wanted`: they can be read more than once, and are not kept."""

    def __init__(self, output: str | None, form: str, wanted: Iterable[str], *, resume: bool = False) -> None:
        self._form = form
        self._wanted = wanted
        self._several = len(list(islice(iter(wanted), 2))) > 1
        self._folder, self._file = places(output, several=self._several)
        self._stream: TextIO = sys.stdout
        self._written = False
        if resume and output is None:
            raise UsageError("--resume needs --output: it skips what is there.")
        self._table = ParquetPages(self._file) if self._file and is_parquet(self._file) else None
        if resume and self._file and form != "json" and not self._table:
            raise UsageError("--resume needs a folder or Parquet as --output, or --format json.")
        self._lines = ResumedLines(self._file, wanted) if resume and self._file and not self._table else None
        self._in_table = PageCounts()
        self._resumes = resume
        self._open()

    def _open(self) -> None:
        try:
            if self._folder:
                self._folder.mkdir(parents=True, exist_ok=True)
            elif self._table:
                self._open_table(self._table)
            elif self._file:
                self._stream = self._file.open("a" if self._resumes else "w", encoding="utf-8")
        except OSError as error:
            raise OperatorError(f"{self._folder or self._file} cannot be written: {error.strerror}.") from error

    def _open_table(self, table: ParquetPages) -> None:
        if not self._resumes:
            table.begin()
            return
        table.go_on()
        failed = set(table.failed_urls())
        again = failed.intersection(self._wanted) if failed else failed

        def is_kept(row: JsonObject) -> bool:
            """Whether a row of an earlier run stays. What failed and is wanted is scraped again."""
            if row["error"] is None:
                self._in_table.add(row["url"])
                return True
            return row["url"] not in again

        table.take_out(is_kept)

    def finish(self) -> None:
        """Complete the output: every page is written."""
        if self._table:
            self._table.finish()

    def has(self, index: int, url: str) -> bool:
        """Whether an earlier run wrote this page, and this one goes on from there. Asked once of each page."""
        if not self._resumes:
            return False
        if self._folder:
            return (self._folder / self._name(index, url)).is_file()
        return self._in_table.take(url) or (self._lines is not None and self._lines.take(url))

    def write(self, job: Job, page: Page, contents: dict[str, bytes]) -> None:
        """Write a page. One that failed has no text but in JSON and Parquet, where its line or row says why."""
        if self._table:
            self._table.add(answer_of(job, page, contents))
            if self._table.is_due:
                self._table.write()
            return
        if self._form != "json" and page.failure:
            return
        text = json_line(job, page, contents) if self._form == "json" else self._text(job, page, contents)
        try:
            if self._folder:
                if not page.failure:
                    write_file(self._folder / self._name(page.index, page.url), text.encode())
                return
            self._stream.write(text)
            self._stream.flush()
            self._written = True
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OperatorError(f"{self._folder or self._file} cannot be written: {error.strerror}.") from error

    def _text(self, job: Job, page: Page, contents: dict[str, bytes]) -> str:
        text: str = bodies.unpack(contents[FORMATS[self._form][0]])
        text = text if text.endswith("\n") else text + "\n"
        if not self._several:
            return text
        title = bodies.unpack(contents["metadata"]).get("title") if "metadata" in contents else None
        if self._form == "markdown" and job.options.markdown.front_matter:
            head = ""
        elif self._form == "markdown":
            head = front_matter.write({"url": page.final_url or page.url, "title": title})
        else:
            head = f"<!-- {(page.final_url or page.url).replace('--', '%2D%2D')} -->\n"
        return ("\n" if self._written else "") + head + text

    def _name(self, index: int, url: str) -> str:
        return file_name(index, url) + SUFFIXES[self._form]


def json_line(job: Job, page: Page, contents: dict[str, bytes]) -> str:
    """Return a page as the API gives it in a batch, on one line."""
    return orjson.dumps(answer_of(job, page, contents)).decode() + "\n"


def file_name(index: int, url: str) -> str:
    """Return a name that says which page it is, and is one page's alone: `0001-example.com-docs-intro`."""
    plain = re.sub(r"[^\w.]+", "-", re.sub(r"^\w+://", "", url)).encode()[:_LONGEST_NAME].decode(errors="ignore")
    return f"{index + 1:04}-{plain.strip('-.')}"


def write_file(path: Path, content: bytes) -> None:
    """Write a file whole: it appears when it is complete, in place of what was there."""
    unfinished = path.with_name(f".{path.name}.part")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666), "wb") as opened:
        opened.write(content)
    unfinished.replace(path)


def save_pictures(folder: Path, page: Page, contents: dict[str, bytes]) -> None:
    """Write the pictures of a page into a folder."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in PICTURES:
            if name in contents:
                write_file(folder / f"{file_name(page.index, page.url)}.png", contents[name])
    except OSError as error:
        raise OperatorError(f"The folder {folder} cannot be written: {error.strerror}.") from error


def places(output: str | None, *, several: bool) -> tuple[Path | None, Path | None]:
    """Return the folder or the file.

    A path that ends in a slash, is a folder, or has no suffix for several pages is a folder.
    """
    if output is None:
        return None, None
    path = Path(output)
    if output.endswith("/") or path.is_dir() or (several and not path.suffix):
        return path, None
    return None, path
