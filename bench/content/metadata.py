"""Measures how often a page's title, author and date agree with what people read, and how often trafilatura's do.

Title: the same words. Author: the same words. Date: the same day. Where a page has none by its reviewers, naming one is
a mistake that precision shows.

    python -m bench.content.metadata [--write] [--show FIELD]
    python -m bench.content.metadata --peer FILE     # in an environment with trafilatura: writes its answers to FILE
    python -m bench.content.metadata --compare FILE  # and sets them beside ours
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bench.readme import write_section

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "wcxb-dev"
FIELDS = ("title", "author", "publish_date")

_HEADING = """## Metadata

`python -m bench.content.metadata`: agreement with what people read on the WCXB development pages (Murrough Foley, 2026,
CC-BY-4.0): the same words for titles and authors, the same day for dates. *Agree* is over the pages that have the
field; *precision* is over the answers given, so that naming one where there is none counts against it."""

Answers = dict[str, str | None]


def pages() -> Iterator[tuple[str, bytes, str, Answers]]:
    """Each page's number, bytes, address and what people read on it."""
    for path in sorted((DATA / "ground-truth").glob("*.json")):
        record = json.loads(path.read_text())
        truth = {field: record["ground_truth"].get(field) for field in FIELDS}
        yield (
            path.stem,
            gzip.decompress((DATA / "html" / f"{path.stem}.html.gz").read_bytes()),
            record.get("url") or "",
            truth,
        )


def ours(body: bytes, url: str) -> tuple[Answers, float]:
    """Our answers, and the seconds of CPU that they took after parsing."""
    from pagemill.extraction.metadata import page_metadata
    from pagemill.extraction.reading import document

    page = document.read(body, url)
    begin = time.process_time()
    found = page_metadata.read(page.tree, url)
    took = time.process_time() - begin
    return {"title": found.title, "author": found.author, "publish_date": found.published}, took


def peers(body: bytes, url: str) -> tuple[Answers, float]:
    """Trafilatura's answers."""
    from trafilatura import extract_metadata

    begin = time.process_time()
    found = extract_metadata(body, default_url=url or None)
    took = time.process_time() - begin
    return {"title": found.title, "author": found.author, "publish_date": found.date} if found else {}, took


def same(field: str, answer: str, truth: str) -> bool:
    """Whether two answers agree."""
    if field == "publish_date":
        return answer[:10] == truth[:10]
    return words(answer) == words(truth)


def words(text: str) -> list[str]:
    """The words of a text, in lower case."""
    return re.findall(r"\w+", text.lower())


def measure(
    read: Callable[[bytes, str], tuple[Answers, float]], show: str | None = None
) -> dict[str, dict[str, Answers]]:
    """Every page's answers and truth; prints the disagreements over one field."""
    found = {}
    total = 0.0
    for number, body, url, truth in pages():
        answers, took = read(body, url)
        total += took
        found[number] = {"answers": answers, "truth": truth}
        if show and (answers.get(show) or truth[show]) and not _agrees(show, answers.get(show), truth[show]):
            print(number, url[:80], "| TRUTH", truth[show], "| OURS", answers.get(show))
    print(f"{1000 * total / len(found):.2f} ms of CPU a page")
    return found


def _agrees(field: str, answer: str | None, truth: str | None) -> bool:
    return bool(answer and truth) and same(field, answer or "", truth or "")


def scores(found: dict[str, dict[str, Answers]], field: str) -> tuple[int, float, float, float]:
    """How many pages have the field, and recall, precision and F1 over them."""
    right = sum(_agrees(field, page["answers"].get(field), page["truth"][field]) for page in found.values())
    given = sum(bool(page["answers"].get(field)) for page in found.values())
    have = sum(bool(page["truth"][field]) for page in found.values())
    return have, right / have, right / max(1, given), 2 * right / (have + given)


def table(columns: dict[str, dict[str, dict[str, Answers]]]) -> str:
    """The figures as Markdown."""
    lines = ["| field | pages that have it | extractor | agree | precision | F1 |", "|---|---|---|---|---|---|"]
    for field in FIELDS:
        for name, found in columns.items():
            have, recall, precision, f1 = scores(found, field)
            lines.append(f"| {field} | {have} | {name} | {recall:.3f} | {precision:.3f} | {f1:.3f} |")
    return "\n".join(lines)


def main() -> None:
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write the table to bench/README.md")
    parser.add_argument("--show", choices=FIELDS, help="print the disagreements over this field")
    parser.add_argument("--peer", type=Path, help="write trafilatura's answers to this file, and no more")
    parser.add_argument("--compare", type=Path, help="a file that --peer wrote")
    arguments = parser.parse_args()
    if arguments.peer:
        arguments.peer.write_text(json.dumps(measure(peers)))
        return
    columns = {"Pagemill": measure(ours, arguments.show)}
    if arguments.compare:
        columns["trafilatura"] = json.loads(arguments.compare.read_text())
    text = table(columns)
    print(text)
    if arguments.write:
        write_section("metadata", f"{_HEADING}\n\n{text}")


if __name__ == "__main__":
    main()
