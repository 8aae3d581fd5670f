"""What `pagemill map` and `pagemill crawl` take. Every command reads this, so it imports nothing of their work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pagemill.cli import scrape_arguments

if TYPE_CHECKING:
    import argparse

FORMATS = {"markdown": ["markdown"], "html": ["html"], "cleaned-html": ["cleanedHtml"], "json": ["markdown", "links"]}
"""What each format of the output asks the service for."""


def add_map_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of `map`."""
    command.add_argument("url", metavar="URL", help="a page of the site")
    command.add_argument("--limit", type=int, metavar="N", help="how many URLs at most; default: 100")
    command.add_argument("--depth", type=int, metavar="N", help="how many links are followed; default: 2")
    command.add_argument("--search", metavar="TEXT", help="URLs that are about it come first")
    command.add_argument("--include-subdomains", action="store_true", help="hosts below the site's belong to it")
    command.add_argument("--json", action="store_true", help="one line of JSON a URL, with title, date and source")
    add_session(command)
    add_service(command)


def add_crawl_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of `crawl`."""
    command.add_argument("url", metavar="URL", help="the first page")
    command.add_argument(
        "-o", "--output", metavar="PATH", help="a folder, with a file for each page under its path, or a file"
    )
    command.add_argument(
        "--format", choices=tuple(FORMATS), default="markdown", help="default: markdown; json: one line a page"
    )
    command.add_argument("--resume", action="store_true", help="read on in the crawl that the output was made by")
    command.add_argument("--max-pages", type=int, metavar="N", help="how many pages at most; default: 10")
    command.add_argument("--depth", type=int, metavar="N", help="how many links are followed; default: 1")
    command.add_argument("--include", action="append", metavar="PATTERN", help="only URLs that match; may be repeated")
    command.add_argument("--exclude", action="append", metavar="PATTERN", help="no URLs that match; may be repeated")
    command.add_argument("--include-subdomains", action="store_true", help="hosts below the site's belong to it")
    command.add_argument("--sitemap", action="store_true", help="the URLs of the site's sitemaps are crawled too")
    command.add_argument("--query", metavar="TEXT", help="pages that are about it are taken first")
    add_session(command)
    add_service(command)
    scrape_arguments.add_page_arguments(command)


def add_session(command: argparse.ArgumentParser) -> None:
    """Add the argument that names a session."""
    command.add_argument("--session", metavar="NAME", help="the saved session that the browser begins with")


def add_service(command: argparse.ArgumentParser) -> None:
    """Add the argument that names the service."""
    command.add_argument(
        "--service", metavar="URL", help="the service's address; default: PAGEMILL_URL, or the service on this machine"
    )
