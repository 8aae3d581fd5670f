"""Measures the service beside what people use in its place, all in one run: processor time, pages a second, memory.

    python -m bench.peers [--pages N] [--rounds N] [--only NAME …] [--write]

Real pages come from one loopback server, which is not counted. Each peer runs with a process for each core and 16
requests at once in each, in turns; of its rounds the one with the least processor time counts. The peers are installed
by the program itself; one that cannot be is left out, and said so.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench import pages as shared_pages
from bench.peers.environments import EnvironmentUnavailableError, python_of, versions
from bench.peers.runs import Run, run_program, run_service
from bench.readme import write_section
from bench.service import BATCH, ENVIRONMENT
from pagemill.model import DEFAULT_FORMATS, Format

if TYPE_CHECKING:
    from collections.abc import Sequence

_HEADING = """## Beside what people use in its place

`python -m bench.peers`: the same real pages, from one loopback server that is not counted, in one run. Each peer
has a process for each core and 16 requests at once in each; they take turns, and of each peer's rounds the one with
the least processor time counts. Processor time and memory (proportional set sizes) are those of whole process
trees, from the first request to the last page; starting and loading models are not counted, and neither is the
client that reads the service's results. *Words* says how much text each returned, not how good it is: that is
[measured](#extraction) by itself."""
HEAD = (
    "| | CPU a page | times Pagemill's | pages/s | most memory | pages with text | words a page |",
    "|---|--:|--:|--:|--:|--:|--:|",
)


@dataclass(frozen=True, slots=True)
class Peer:
    """A way to scrape. Without a program it is our service."""

    title: str
    program: str = ""
    arguments: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    """What its environment has; none means this one."""
    formats: tuple[Format, ...] = ()

    def run(self, urls: list[str]) -> Run:
        """Scrape all URLs. Raises `EnvironmentUnavailableError`."""
        if not self.program:
            return run_service(self.formats, urls, urls[:BATCH])
        python = python_of(self.packages) if self.packages else Path(sys.executable)
        return run_program(python, self.program, self.arguments, urls)


PEERS = {
    "service-markdown": Peer("Pagemill's service, Markdown", formats=(Format.MARKDOWN,)),
    "service": Peer("Pagemill's service, default formats", formats=DEFAULT_FORMATS),
    "loop": Peer("Pagemill's fetcher and extraction, a plain loop, Markdown", "pagemill_loop"),
    "rust": Peer(
        "curl_cffi + rs-trafilatura (Rust), a plain loop", "rust_loop", packages=("curl_cffi", "rs-trafilatura")
    ),
    "scrapy": Peer("Scrapy + trafilatura", "scrapy_trafilatura", packages=("scrapy", "trafilatura", "lxml-html-clean")),
    "crawl4ai": Peer("Crawl4AI over HTTP, the whole page", "crawl4ai_http", packages=("crawl4ai",)),
    "crawl4ai-filter": Peer("Crawl4AI over HTTP, with its filter", "crawl4ai_http", ("filter",), ("crawl4ai",)),
}


def main() -> None:
    """Run the comparison and print a table."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--pages", type=int, default=600)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--only", nargs="+", choices=PEERS, default=list(PEERS), metavar="NAME")
    arguments.add_argument("--write", action="store_true", help="write the table to bench/README.md")
    options = arguments.parse_args()
    os.environ.update(ENVIRONMENT)

    every = shared_pages.load()
    names = list(every)[:: max(1, len(every) // options.pages)][: options.pages]
    pages = {name: every[name] for name in names}
    with shared_pages.serving(pages) as base:
        best = _rounds([PEERS[name] for name in options.only], [base + name for name in names], options.rounds)
    size = sum(map(len, pages.values())) / len(pages) / 1024
    text = "\n".join(
        [
            f"{_HEADING}\n\n{len(pages)} pages of {size:.0f} KB on average, {os.cpu_count()} cores; {_named()}.\n",
            *_table(best),
        ]
    )
    print(text)
    if options.write:
        write_section("peers", text)


def _rounds(peers: Sequence[Peer], urls: list[str], rounds: int) -> dict[Peer, Run]:
    """Return each peer's cheapest run; the peers take turns."""
    best: dict[Peer, Run] = {}
    for number in range(rounds):
        for peer in peers:
            try:
                run = peer.run(urls)
            except EnvironmentUnavailableError as error:
                print(f"{peer.title} is left out: {error} cannot be installed here.", file=sys.stderr)
                continue
            print(f"round {number + 1}: {_row(peer, run, run, len(urls))}", file=sys.stderr)
            best[peer] = min(run, best.get(peer, run), key=lambda run: run.cpu)
    return best


def _table(best: dict[Peer, Run]) -> list[str]:
    pages = max(run.pages for run in best.values())
    first = next(iter(best.values()))
    return [*HEAD, *(_row(peer, run, first, pages) for peer, run in best.items())]


def _row(peer: Peer, run: Run, first: Run, pages: int) -> str:
    return (
        f"| {peer.title} | {1000 * run.cpu / pages:.1f} ms | {run.cpu / first.cpu:.1f} | {pages / run.seconds:.0f} | "
        f"{run.peak_memory / 1e6:.0f} MB | {run.pages} | {run.words / pages:.0f} |"
    )


def _named() -> str:
    found: dict[str, str] = {}
    for packages in {peer.packages for peer in PEERS.values() if peer.packages}:
        try:
            found |= versions(python_of(packages), packages)
        except EnvironmentUnavailableError:
            continue
    return ", ".join(f"{name} {version}" for name, version in sorted(found.items()))


if __name__ == "__main__":
    main()
