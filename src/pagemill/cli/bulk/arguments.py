"""What `pagemill extract` takes. Every command reads this, so it imports nothing of its work."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    command.add_argument(
        "inputs",
        nargs="+",
        metavar="INPUT",
        help="WARC, WACZ, HTML, PDF, ZIP, tar, JSON Lines or Parquet, by the name's end, or a folder of these",
    )
    command.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="OUTPUT",
        help="FILE.parquet, FILE.parquet/ for a folder of parts, FILE.jsonl (.gz, .zst), or a folder of Markdown",
    )
    command.add_argument("--columns", metavar="NAME,…", help="what each row holds; `all` for everything")
    command.add_argument(
        "--filter", metavar="EXPRESSION", help="write only rows like 'quality > 0.7 and language == \"en\"'"
    )
    command.add_argument("--mark-duplicates", action="store_true", help="a column duplicate_of, by MinHash of the text")
    command.add_argument("--ordered", action="store_true", help="rows in the order of the input")
    command.add_argument("--resume", action="store_true", help="go on with a run that was ended")
    command.add_argument("--processes", type=int, metavar="N", help="extraction processes; default: one for each core")
    command.add_argument("--html-column", default="html", metavar="NAME", help="the column of HTML; default: html")
    command.add_argument("--url-column", default="url", metavar="NAME", help="the column of URLs; default: url")
    command.add_argument("--base-url", metavar="URL", help="where files come from, for their URLs and links")
