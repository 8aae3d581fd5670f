"""`pagemill scrape`: the same pipeline as the service's, in this process, with no database."""

from __future__ import annotations

import asyncio
import math
import sys
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

from pagemill import bodies
from pagemill.cli import scrape_options
from pagemill.cli.output.page_output import PageOutput, save_pictures
from pagemill.cli.output.progress_bar import ProgressBar
from pagemill.cli.urls.host_hints import HostHints
from pagemill.cli.urls.host_turns import HostTurns, host_of
from pagemill.cli.urls.url_source import UrlSource
from pagemill.errors import OperatorError, UsageError
from pagemill.in_process.outcome import job_of, scrape_url
from pagemill.redaction import redact_url
from pagemill.scraping.markdown_finishing import MARKDOWN_ERROR
from pagemill.scraping.scraper import Scraper

if TYPE_CHECKING:
    import argparse
    from collections.abc import AsyncIterator, Iterable

    from pagemill.in_process.outcome import Outcome
    from pagemill.model import ScrapeOptions
    from pagemill.scraping.scraped_page import ScrapedPage
    from pagemill.settings import Settings

_LONGEST_SHOWN = 300
_PASSED_AT_ONCE = 1000
_BEGUN_A_SLOT = 16
"""Pages that are begun, or done and not written, for each that is worked on at a time."""


async def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Scrape URLs and write each; return 1 when any failed, whose reasons go to standard error."""
    options = await scrape_options.read(arguments, settings)
    if arguments.concurrency is not None and arguments.concurrency < 1:
        raise UsageError("--concurrency is at least 1.")
    if arguments.ignore_robots and not settings.sites.robots_may_be_ignored:
        raise UsageError("--ignore-robots needs PAGEMILL_ROBOTS_MAY_BE_IGNORED.")
    wanted = UrlSource(arguments.urls, arguments.file)
    total = sum(1 for _ in wanted)  # what is wrong with a file is told before anything is fetched
    if not total:
        raise UsageError("No URL is given. Name some, or a file of them with --file.")
    if arguments.output and wanted.is_read_from(Path(arguments.output)):
        raise UsageError(f"{arguments.output} is read and cannot be written too.")
    output = PageOutput(arguments.output, arguments.format, wanted, resume=arguments.resume)
    concurrency = arguments.concurrency or settings.jobs.worker_concurrency
    command = _Command(
        settings,
        options,
        output,
        Path(arguments.screenshot) if arguments.screenshot else None,
        HostTurns(_interval(arguments, settings), settings.sites.host_max_interval),
        concurrency=concurrency,
        asks_hosts=bool(arguments.file) and not arguments.ignore_robots,
    )
    with ProgressBar(total, shares_terminal=arguments.output is None and sys.stdout.isatty()) as bar:
        code = await command.run(wanted, bar)
        output.finish()
        if command.there:
            bar.say(f"{command.there} of {total} were there already.")
        return code


def _interval(arguments: argparse.Namespace, settings: Settings) -> float:
    """Seconds between two pages of one host: those of crawls where a file is read, and none for single URLs."""
    if arguments.host_interval is not None:
        if not 0 <= arguments.host_interval < math.inf:
            raise UsageError("--host-interval is a number that is not negative.")
        return float(arguments.host_interval)
    return settings.sites.host_interval if arguments.file else 0.0


class _Command:
    """One run: what is asked for, and where it goes."""

    def __init__(  # noqa: PLR0913 - what is asked for, and where it goes
        self,
        settings: Settings,
        options: ScrapeOptions,
        output: PageOutput,
        pictures: Path | None,
        turns: HostTurns,
        *,
        concurrency: int,
        asks_hosts: bool,
    ) -> None:
        self._settings = settings
        self._options = options
        self._output = output
        self._pictures = pictures
        self._turns = turns
        self._concurrency = concurrency
        self._slots = asyncio.Semaphore(concurrency)
        self._asks_hosts = asks_hosts
        self._job = job_of(options)
        self.there = 0
        """Pages that an earlier run wrote."""

    async def run(self, wanted: Iterable[str], bar: ProgressBar) -> int:
        failures = 0
        tasks: deque[asyncio.Task[Outcome]] = deque()
        async with Scraper(self._settings) as scraper, asyncio.TaskGroup() as group:
            hints = None
            if self._asks_hosts:
                hints = HostHints(scraper, self._turns, self._settings, self._options.country, self._concurrency)
            try:
                # Written in the order given, as soon as each can be. So many are begun that one which takes long does
                # not hold up the others, and no more, since each holds what came of it until it is written.
                async for index, url in self._left(wanted, bar):
                    tasks.append(group.create_task(self._scrape(scraper, hints, bar, index, url)))
                    if len(tasks) >= self._concurrency * _BEGUN_A_SLOT:
                        failures += self._write(await tasks[0], bar)
                        tasks.popleft()
                while tasks:
                    failures += self._write(await tasks[0], bar)
                    tasks.popleft()
            except (OSError, OperatorError) as error:
                for task in tasks:
                    task.cancel()
                failed = error
            else:
                return 1 if failures else 0
        raise failed

    async def _left(self, wanted: Iterable[str], bar: ProgressBar) -> AsyncIterator[tuple[int, str]]:
        """Yield the URLs that no earlier run wrote, each with its number."""
        for index, url in enumerate(wanted):
            if self._output.has(index, url):
                self.there += 1
                bar.pass_over()
                if self.there % _PASSED_AT_ONCE == 0:
                    await asyncio.sleep(0)
            else:
                yield index, url

    def _write(self, outcome: Outcome, bar: ProgressBar) -> bool:
        """Write a page. Returns whether it failed."""
        self._output.write(self._job, outcome.page, outcome.contents)
        if self._pictures:
            save_pictures(self._pictures, outcome.page, outcome.contents)
        return self._report(outcome, bar)

    async def _scrape(
        self, scraper: Scraper, hints: HostHints | None, bar: ProgressBar, index: int, url: str
    ) -> Outcome:
        async def scrape(checked: str) -> ScrapedPage:
            if hints:
                await hints.check(checked)
            await self._turns.wait_for_rate_limit(host_of(checked))
            async with self._slots:
                return await (hints or scraper).scrape(checked, self._options)

        outcome = await scrape_url(scraper, url, self._options, self._settings, index, scrape=scrape)
        bar.advance(host_of(url), failed=outcome.page.failure is not None)
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
