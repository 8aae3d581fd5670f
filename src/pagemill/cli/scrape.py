"""`pagemill scrape`: the same pipeline as the service's, in this process, with no database."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pagemill import bodies
from pagemill.errors import OperatorError, PageError
from pagemill.model import Format, ScrapeOptions
from pagemill.scraping.scraper import Scraper

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.progress import Progress

    from pagemill.scraping.scraped_page import ScrapedPage
    from pagemill.settings import Settings

_FORMATS = {
    "markdown": (Format.MARKDOWN,),
    "html": (Format.HTML,),
    "cleaned-html": (Format.CLEANED_HTML,),
    "json": (Format.MARKDOWN, Format.LINKS, Format.IMAGES),
}
_SUFFIXES = {"markdown": ".md", "html": ".html", "cleaned-html": ".html", "json": ".json"}
_LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one URL: its text in the format asked for, or why there is none."""

    url: str
    text: str | None
    error: PageError | None


async def run(urls: list[str], file: str | None, form: str, output: str | None, settings: Settings) -> int:
    """Scrape URLs and write each as `form`; return 1 when any failed, whose reasons go to standard error."""
    wanted = list(_read_urls(urls, file))
    if not wanted:
        raise OperatorError("No URL is given. Name some, or a file of them with --file.")
    writer = _Writer(output, form, several=len(wanted) > 1)
    failures = 0
    with _Bar(len(wanted)) as progress:
        async with Scraper(settings) as scraper:
            slots = asyncio.Semaphore(settings.jobs.worker_concurrency)
            tasks = [asyncio.create_task(_scrape(scraper, slots, url, form)) for url in wanted]
            for index, task in enumerate(tasks):  # written in the order given, as soon as each can be
                outcome = await task
                if outcome.error is None:
                    writer.write(index, outcome)
                else:
                    failures += 1
                    print(f"{outcome.url}: {outcome.error.message} [{outcome.error.code}]", file=sys.stderr)
                progress.advance()
    return 1 if failures else 0


async def _scrape(scraper: Scraper, slots: asyncio.Semaphore, url: str, form: str) -> Outcome:
    async with slots:
        try:
            page = await scraper.scrape(url, ScrapeOptions(formats=_FORMATS[form]))
        except PageError as error:
            return Outcome(url, None, error)
    return Outcome(url, _text(page, url, form), None)


def _text(page: ScrapedPage, url: str, form: str) -> str:
    if form != "json":
        text: str = bodies.unpack(page.bodies[_FORMATS[form][0]])
        return text if text.endswith("\n") else text + "\n"
    record: dict[str, Any] = {"url": url, "finalUrl": page.final_url, "statusCode": page.status_code}
    record |= {name: bodies.unpack(body) for name, body in page.bodies.items()}
    return json.dumps(record, ensure_ascii=False) + "\n"


def _read_urls(urls: list[str], file: str | None) -> Iterable[str]:
    for url in urls:
        yield from _lines("-") if url == "-" else [url]
    if file:
        yield from _lines(file)


def _lines(file: str) -> Iterable[str]:
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text()
    except OSError as error:
        raise OperatorError(f"The file {file} cannot be read: {error.strerror}.") from error
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


class _Writer:
    """Writes to standard output, to one file, or to a file for each URL in a folder."""

    def __init__(self, output: str | None, form: str, *, several: bool) -> None:
        self._form = form
        self._path = Path(output) if output else None
        self._folder = Path(output) if output and (several or output.endswith("/") or Path(output).is_dir()) else None
        if self._folder:
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise OperatorError(f"The folder {output} cannot be made: {error.strerror}.") from error

    def write(self, index: int, outcome: Outcome) -> None:
        text = outcome.text or ""
        if self._path is None:
            sys.stdout.write(text)
            sys.stdout.flush()
            return
        path = self._folder / _file_name(index, outcome.url, self._form) if self._folder else self._path
        try:
            path.write_text(text)
        except OSError as error:
            raise OperatorError(f"The file {path} cannot be written: {error.strerror}.") from error


def _file_name(index: int, url: str, form: str) -> str:
    """Return a name that says which page it is, and is one file's alone: `0001-example.com-docs-intro.md`."""
    plain = re.sub(r"[^\w.]+", "-", re.sub(r"^\w+://", "", url)).strip("-.")
    return f"{index + 1:04}-{plain[:_LONGEST_NAME]}{_SUFFIXES[form]}"


class _Bar:
    """A progress bar on standard error where that is a terminal, and nothing elsewhere."""

    def __init__(self, total: int) -> None:
        self._progress: Progress | None = None
        self._total = total

    def __enter__(self) -> Self:
        if sys.stderr.isatty() and self._total > 1:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (TextColumn("scraping"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            self._progress = Progress(*columns, console=Console(stderr=True), redirect_stdout=False)
            self._progress.add_task("scraping", total=self._total)
            self._progress.start()
        return self

    def advance(self) -> None:
        if self._progress:
            self._progress.advance(self._progress.task_ids[0])

    def __exit__(self, *_: object) -> None:
        if self._progress:
            self._progress.stop()
