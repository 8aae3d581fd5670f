"""`pagemill scrape`: the same pipeline as the service's, in this process, with no database."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pagemill import bodies
from pagemill.cli import scrape_options
from pagemill.cli.output.page_output import PageOutput, save_pictures
from pagemill.cli.output.progress_bar import ProgressBar
from pagemill.errors import OperatorError, UsageError
from pagemill.in_process.outcome import job_of, scrape_url
from pagemill.redaction import redact_url
from pagemill.scraping.markdown_finishing import MARKDOWN_ERROR
from pagemill.scraping.scraper import Scraper

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from pagemill.in_process.outcome import Outcome
    from pagemill.model import ScrapeOptions
    from pagemill.settings import Settings

_LONGEST_SHOWN = 300


async def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Scrape URLs and write each; return 1 when any failed, whose reasons go to standard error."""
    options = await scrape_options.read(arguments, settings)
    if arguments.concurrency is not None and arguments.concurrency < 1:
        raise UsageError("--concurrency is at least 1.")
    wanted = list(enumerate(_read_urls(arguments.urls, arguments.file)))
    if not wanted:
        raise UsageError("No URL is given. Name some, or a file of them with --file.")
    output = PageOutput(arguments.output, arguments.format, [url for _, url in wanted], resume=arguments.resume)
    left = [(index, url) for index, url in wanted if not output.has(index, url)]
    command = _Command(settings, options, output, Path(arguments.screenshot) if arguments.screenshot else None)
    slots = asyncio.Semaphore(arguments.concurrency or settings.jobs.worker_concurrency)
    with ProgressBar(len(left), shares_terminal=arguments.output is None and sys.stdout.isatty()) as bar:
        if len(left) < len(wanted):
            bar.say(f"{len(wanted) - len(left)} of {len(wanted)} are there already.")
        code = await command.run(left, slots, bar)
        output.finish()
        return code


class _Command:
    """One run: what is asked for, and where it goes."""

    def __init__(self, settings: Settings, options: ScrapeOptions, output: PageOutput, pictures: Path | None) -> None:
        self._settings = settings
        self._options = options
        self._output = output
        self._pictures = pictures
        self._job = job_of(options)

    async def run(self, wanted: list[tuple[int, str]], slots: asyncio.Semaphore, bar: ProgressBar) -> int:
        failures = 0
        async with Scraper(self._settings) as scraper, asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._scrape(scraper, slots, bar, index, url)) for index, url in wanted]
            try:
                for task in tasks:  # written in the order given, as soon as each can be
                    outcome = await task
                    self._output.write(self._job, outcome.page, outcome.contents)
                    if self._pictures:
                        save_pictures(self._pictures, outcome.page, outcome.contents)
                    failures += self._report(outcome, bar)
            except (OSError, OperatorError) as error:
                for task in tasks:
                    task.cancel()
                failed = error
            else:
                return 1 if failures else 0
        raise failed

    async def _scrape(
        self, scraper: Scraper, slots: asyncio.Semaphore, bar: ProgressBar, index: int, url: str
    ) -> Outcome:
        async with slots:
            outcome = await scrape_url(scraper, url, self._options, self._settings, index)
            bar.advance(_host(url), failed=outcome.page.failure is not None)
            return outcome

    def _report(self, outcome: Outcome, bar: ProgressBar) -> bool:
        """Say what is not as it was asked for. Returns whether the page failed."""
        url, failure = _shown(outcome.page.url), outcome.page.failure
        if failure:
            bar.say(f"{url}: {failure.message} [{failure.code}]")
        generated = bodies.unpack(outcome.contents["json"]) if "json" in outcome.contents else {}
        if generated.get("status") == "failed":
            bar.say(f"{url}: no JSON was made: {generated.get('error')}")
        elif missing := generated.get("missing"):
            bar.say(f"{url}: the JSON lacks what the schema requires or asks for: {', '.join(missing)}.")
        if "warning" in generated:
            bar.say(f"{url}: {generated['warning']}")
        if MARKDOWN_ERROR in outcome.contents:
            bar.say(f"{url}: {bodies.unpack(outcome.contents[MARKDOWN_ERROR])}")
        return failure is not None


def _shown(url: str) -> str:
    """A URL as the terminal shows it: without its secrets, and not for pages on end."""
    text = redact_url(url)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


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
