"""Measures structuring: what the shared pages' markup gives and how often it agrees with people, and how long it takes.

Evidence: twenty values of different kinds looked for in 100 KB of Markdown. Markup: reading, filling in a schema, and
evidence for each value, on the shared pages. CPU time of one process.

    python -m bench.content.structuring [--write]
"""

from __future__ import annotations

import argparse
import collections
import dataclasses
import gzip
import json
import random
import re
import statistics
import time
from typing import TYPE_CHECKING, Any

from bench.content.metadata import DATA, same
from bench.readme import write_section
from pagemill.extraction import extract
from pagemill.extraction.reading import document
from pagemill.structuring import tasks
from pagemill.structuring.evidence.evidence import Evidence
from pagemill.structuring.generated_json import Extraction, Source, success
from pagemill.structuring.markup import facts as markup
from pagemill.structuring.markup import filling, main_item, overview
from pagemill.structuring.schemas.schema import Schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pagemill.model import Content
    from pagemill.structuring.markup.facts import Facts

FIELDS = ("title", "author", "publish_date")
SCHEMA = Schema({"type": "object", "properties": {name: {"type": "string"} for name in FIELDS}})
SIZE = 100_000
ROUNDS = 20


def pages() -> Iterator[tuple[bytes, str, str, dict[str, Any]]]:
    """Each page's bytes, address, type and what people read on it."""
    for path in sorted((DATA / "ground-truth").glob("*.json")):
        record = json.loads(path.read_text())
        body = gzip.decompress((DATA / "html" / f"{path.stem}.html.gz").read_bytes())
        kind = record.get("_internal", {}).get("page_type", {}).get("primary") or "unknown"
        yield body, record.get("url") or "https://example.com/", kind, record["ground_truth"]


class Page:
    """One page, extracted, with the time that each step of its markup takes."""

    def __init__(self, body: bytes, url: str) -> None:
        self.content: Content = extract(body, url)
        self.at_hand = tasks.Page(url, self.content.html, self.content.markdown, {})
        parsed = document.read(body, url)
        self.facts, self.reading = timed(lambda: markup.read(parsed.tree, parsed.base_url))
        known = tasks.Page(url, "", "", dataclasses.asdict(self.content.metadata)).known
        self.bare = filling.fill(SCHEMA, self.facts, {}, url)
        self.filled, self.filling = timed(lambda: filling.fill(SCHEMA, self.facts, known, url))
        self.data, self.overview = timed(lambda: overview.of_markup(self.facts, {}))
        self.at_hand.facts = self.facts
        self.made, self.evidence = timed(
            lambda: success(Extraction(self.data, Source.MARKUP), self.at_hand.evidence, strict=False)
        )


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """What a piece of work gives, and the milliseconds of CPU that it takes."""
    begin = time.process_time()
    result = work()
    return result, 1000 * (time.process_time() - begin)


def kind_of(facts: Facts) -> str:
    """What the markup says that a page is about, or nothing."""
    items = main_item.ranked(facts.items)
    kind = str(items[0].get("@type", "")) if items else ""
    return kind or (facts.metas.get("og:type") or "")


def table(values: list[tuple[str, Any]], head: tuple[str, str]) -> str:
    """Two columns as Markdown."""
    return "\n".join([f"| {head[0]} | {head[1]} |", "|---|--:|", *(f"| {name} | {value} |" for name, value in values)])


def evidence_times() -> list[tuple[str, str]]:
    """How long evidence takes on a text of `SIZE` characters, put together of the longest pages."""
    longest = sorted((extract(body, url).markdown for body, url, _, _ in list(pages())[:150]), key=len)[-20:]
    text = "\n\n".join(reversed(longest))[:SIZE]
    phrases = re.findall(r"(?:[A-Za-z]+ ){4}[A-Za-z]+", text)
    data: dict[str, Any] = dict(enumerate(random.Random(1).sample(phrases, 12)))  # type: ignore[arg-type]
    there = {str(key): value for key, value in data.items()}
    mixed = {**there, "a": 1234.5, "b": 12, "c": "2024-03-05", "d": "not on this page at all", "e": "USD"}
    mixed |= {"f": "$9.99", "g": 4.5, "h": "https://example.com/none"}
    absent: dict[str, Any] = {}
    for n in range(4):
        absent |= {
            f"words {n}": f"no such words {n}",
            f"date {n}": f"20{16 + n}-01-0{n + 2}",
            f"word {n}": "nowhere" + "xyz!"[n],
        }
        absent |= {f"number {n}": 98765.43 + n, f"price {n}": f"€7{n}.12"}
    rows = []
    for name, values in (
        ("12 phrases, 3 numbers, a date, a price, a URL …", mixed),
        ("20 values that are not there", absent),
    ):
        best = min(_evidence_time(text, values) for _ in range(ROUNDS))
        rows.append((name, f"{best:.1f} ms"))
    return rows


def _evidence_time(text: str, values: dict[str, Any]) -> float:
    return timed(lambda: Evidence(text).ground(values))[1]


def main() -> None:
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write the tables to bench/README.md")
    arguments = parser.parse_args()
    text = report()
    print(text)
    if arguments.write:
        write_section("structuring", text)


def report() -> str:
    """All tables as Markdown."""
    counts: collections.Counter[str] = collections.Counter()
    kinds: collections.Counter[str] = collections.Counter()
    types: dict[str, list[bool]] = collections.defaultdict(list)
    times: dict[str, list[float]] = collections.defaultdict(list)
    agreement: dict[str, list[int]] = {name: [0, 0, 0] for name in FIELDS}
    bare: dict[str, list[int]] = {name: [0, 0, 0] for name in FIELDS}
    number = leaves = quoted = 0
    for body, url, kind, truth in pages():
        page = Page(body, url)
        number += 1
        facts = page.facts
        declares = bool(facts.items or facts.pairs or facts.tables or facts.metas)
        counts["any of these"] += declares
        counts["JSON-LD, Microdata or RDFa items"] += bool(facts.items)
        counts["Open Graph and its kin"] += any(name.startswith("og:") for name in facts.metas)
        counts["data tables"] += bool(facts.tables)
        counts["definition lists or two-column tables"] += bool(facts.pairs)
        types[kind].append(bool(facts.items or facts.pairs or facts.tables))
        if facts.items:
            kinds[kind_of(facts)] += 1
        leaves += len(page.made["evidence"]) + len(page.made["unsupported"])
        quoted += sum("start" in found for found in page.made["evidence"].values())
        times["reading the markup"].append(page.reading)
        times["filling in a schema of three properties"].append(page.filling)
        times["the overview, without a schema"].append(page.overview)
        times["evidence for each value of the overview"].append(page.evidence)
        times["all of these but the schema"].append(page.reading + page.overview + page.evidence)
        for name, counted, data in (
            (n, c, f.data) for n in FIELDS for c, f in ((agreement, page.filled), (bare, page.bare))
        ):
            ours, theirs = data.get(name), truth.get(name)
            counted[name][0] += bool(theirs)
            counted[name][1] += bool(ours)
            counted[name][2] += bool(ours and theirs and same(name, ours, theirs))
    parts = [
        f"Of {number} pages, the markup declares:\n",
        table([(name, f"{count} ({count / number:.0%})") for name, count in counts.most_common()], ("what", "pages")),
        "\nPages with items, tables or pairs, by the type that people gave them:\n",
        table([(kind, f"{sum(v)} of {len(v)}") for kind, v in sorted(types.items())], ("page type", "pages")),
        "\nWhat the declared items say that the page is:\n",
        table(kinds.most_common(12), ("main item", "pages")),
        "\nThe schema `title`, `author`, `publish_date`, filled as the service does, against what people read:\n",
        _agreement(agreement),
        "\nThe same from the markup's items and `<meta>` as they stand, without what extraction knows of the page:\n",
        _agreement(bare),
        f"\nOf {leaves} values in all overviews, {quoted} are quoted from the Markdown; the rest stands in markup.\n",
        "Milliseconds of CPU a page:\n",
        _times(times),
        f"\nEvidence in {SIZE // 1000} KB of Markdown, the index of the text included:\n",
        table(evidence_times(), ("data", "CPU")),
    ]
    return "\n".join(parts)


def _agreement(agreement: dict[str, list[int]]) -> str:
    lines = ["| field | pages that have it | filled | agree | precision |", "|---|--:|--:|--:|--:|"]
    for name, (have, given, right) in agreement.items():
        lines.append(f"| {name} | {have} | {given} | {right} ({right / have:.0%}) | {right / max(1, given):.0%} |")
    return "\n".join(lines)


def _times(times: dict[str, list[float]]) -> str:
    lines = ["| step | mean | median | 95% of pages | longest |", "|---|--:|--:|--:|--:|"]
    for name, values in times.items():
        ranked = sorted(values)
        late = ranked[int(0.95 * len(ranked))]
        middle = f"{statistics.mean(values):.2f} | {statistics.median(values):.2f}"
        lines.append(f"| {name} | {middle} | {late:.2f} | {ranked[-1]:.1f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
