"""What `pagemill scrape` takes: the fields of the API's requests that make sense without a service, as options.

Every command reads this, so it imports nothing of their work.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from pagemill.errors import UsageError
from pagemill.model import Format, LinkStyle

if TYPE_CHECKING:
    import argparse

FORMATS = {
    "markdown": (Format.MARKDOWN,),
    "html": (Format.HTML,),
    "cleaned-html": (Format.CLEANED_HTML,),
    "json": (Format.MARKDOWN, Format.LINKS, Format.IMAGES),
}
_INCLUDED = tuple(form.value for form in Format if "screenshot" not in form.value)


def add_arguments(scrape: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    scrape.add_argument("urls", nargs="*", metavar="URL", help="what to scrape; - reads URLs from standard input")
    scrape.add_argument(
        "--file",
        metavar="FILE",
        help="read URLs from a file: one a line, JSON Lines, or CSV or Parquet with a column url; - is standard input",
    )
    scrape.add_argument(
        "-o", "--output", metavar="PATH", help="write to a file, or to a folder with a file for each URL"
    )
    scrape.add_argument(
        "--format", choices=tuple(FORMATS), default="markdown", help="default: markdown; json: one line a page"
    )
    scrape.add_argument(
        "--include",
        action="append",
        choices=_INCLUDED,
        metavar="FORMAT",
        help="what a line of JSON holds; may be repeated",
    )
    scrape.add_argument("--concurrency", type=int, metavar="N", help="how many pages at a time")
    scrape.add_argument(
        "--host-interval",
        type=float,
        metavar="S",
        help="seconds between two pages of one host; default: those of crawls with --file, otherwise none",
    )
    scrape.add_argument(
        "--ignore-robots",
        action="store_true",
        help="with --file: ask hosts whatever their robots.txt says, where PAGEMILL_ROBOTS_MAY_BE_IGNORED lets you",
    )
    scrape.add_argument("--resume", action="store_true", help="skip what the output holds already")
    what = add_page_arguments(scrape)
    what.add_argument("--screenshot", metavar="FOLDER", help="keep a picture of each page there, as PNG")
    what.add_argument("--full-page", action="store_true", help="with --screenshot: of the whole page")


def add_page_arguments(command: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """Add how pages are fetched, and what is taken of them. Return the group of the latter."""
    how = command.add_argument_group("how pages are fetched")
    how.add_argument("--browser", action="store_true", help="render the pages in a browser")
    how.add_argument("--wait-for", type=int, metavar="MS", help="wait in the browser after the page has settled")
    how.add_argument("--actions", metavar="FILE", help="what to do in the browser first: a JSON list, as in the API")
    how.add_argument("--country", metavar="CODE", help="where requests leave from")
    how.add_argument("--timeout", type=float, metavar="S", help="seconds that a page may take")
    how.add_argument("--header", action="append", metavar="'NAME: VALUE'", help="send a header; may be repeated")
    how.add_argument("--cookie", action="append", metavar="NAME=VALUE", help="send a cookie; may be repeated")
    how.add_argument("--user-agent", metavar="TEXT", help="the user agent to send")

    what = command.add_argument_group("what is taken of them")
    what.add_argument("--whole-page", action="store_true", help="not the content alone")
    what.add_argument("--include-tag", action="append", metavar="SELECTOR", help="only these parts; may be repeated")
    what.add_argument("--exclude-tag", action="append", metavar="SELECTOR", help="not these parts; may be repeated")
    what.add_argument("--include-comments", action="store_true", help="readers' comments are content too")
    what.add_argument("--links", choices=tuple(LinkStyle), help="how the Markdown writes links; default: inline")
    what.add_argument("--no-images", action="store_true", help="no images in the Markdown")
    what.add_argument("--front-matter", action="store_true", help="YAML front matter before the Markdown")
    what.add_argument("--max-tokens", type=int, metavar="N", help="cut Markdown that has more than about N tokens")
    what.add_argument("--schema", metavar="FILE", help="return JSON by this JSON Schema; needs --format json")
    what.add_argument("--generate-json", action="store_true", help="return structured JSON; needs --format json")
    return what


def page_fields(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the fields of a request, without its formats, that the arguments of a page ask for."""
    return {
        "country": arguments.country or "us",
        "useBrowser": arguments.browser,
        "waitFor": arguments.wait_for,
        "actions": _json(arguments.actions, "--actions"),
        "timeout": arguments.timeout,
        "headers": dict(_pair(text, ":", "--header") for text in arguments.header or ()),
        "cookies": dict(_pair(text, "=", "--cookie") for text in arguments.cookie or ()),
        "userAgent": arguments.user_agent,
        "onlyMainContent": not arguments.whole_page,
        "includeTags": arguments.include_tag,
        "excludeTags": arguments.exclude_tag,
        "includeComments": arguments.include_comments,
        "links": arguments.links,
        "images": not arguments.no_images,
        "frontMatter": arguments.front_matter,
        "maxTokens": arguments.max_tokens,
        "outputSchema": _json(arguments.schema, "--schema"),
        "generateJson": arguments.generate_json,
    }


def _pair(text: str, separator: str, option: str) -> tuple[str, str]:
    name, found, value = text.partition(separator)
    if not found:
        raise UsageError(f"{option} takes a name and a value with {separator!r} between them.")
    return name.strip(), value.strip()


def _json(file: str | None, option: str) -> Any:
    if file is None:
        return None
    try:
        return orjson.loads(Path(file).read_bytes())
    except OSError as error:
        raise UsageError(f"{option}: the file {file} cannot be read: {error.strerror}.") from error
    except orjson.JSONDecodeError as error:
        raise UsageError(f"{option}: the file {file} is not JSON: {error}.") from None
