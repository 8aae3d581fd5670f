"""How far columns for corpora are to be trusted: the language that is identified, and `quality`.

    python -m bench.content.corpora [--show]

Language: how often it is the one that the page declares, on the reading set. A page counts that declares one and has
200 characters of content, by its reader. Pages declare wrongly too: `--show` prints where they differ.

Quality: how far it is from the F1 that it predicts, on pages of sites that the model had not seen: what the last
training left in `training/figures.json`, the reading set by decile where it did that, else all pages by eighth.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import resource
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from pagemill.extraction.text_measures.language import identify

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "reading"
FIGURES = Path(__file__).resolve().parents[2] / "training" / "figures.json"
_DECLARED = re.compile(rb"<html[^>]*\slang\s*=\s*[\"']?([A-Za-z]+)")
_SHORTEST = 200


def pages() -> Iterator[tuple[str, str, str]]:
    """Each page's id, the language that it declares, and its title and body."""
    for path in sorted((DATA / "ground-truth").glob("*.json.gz")):
        record = json.loads(gzip.decompress(path.read_bytes()))
        source = (DATA / record["html"]).resolve()
        body = source.read_bytes()
        body = gzip.decompress(body) if source.suffix == ".gz" else body
        declared = _DECLARED.search(body[:20_000])
        text = "\n".join(text for role, text in record["blocks"] if role in ("title", "body"))
        if declared and len(text) >= _SHORTEST:
            yield record["id"], declared[1].decode().lower(), text


def print_quality() -> None:
    """Print how far `quality` is from the F1."""
    figures = json.loads(FIGURES.read_text())["quality"]
    print(f"correlation {figures['correlation']}, mean absolute error {figures['mean_absolute_error']}\n")
    if deciles := figures.get("deciles_of_reading"):
        print("| quality | F1 | mean absolute error |\n|--:|--:|--:|")
        for quality, f1, error in deciles:
            print(f"| {quality:.3f} | {f1:.3f} | {error:.3f} |")
        return
    print("| quality | F1 | error of the mean |\n|--:|--:|--:|")
    for quality, f1 in figures["eighths"]:
        print(f"| {quality:.3f} | {f1:.3f} | {quality - f1:+.3f} |")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--show", action="store_true", help="print the pages where the two differ")
    options = parser.parse_args()
    chosen = list(pages())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    identify("A first text, for which the model is loaded.")
    loaded = time.process_time() - began
    began = time.process_time()
    found = [(name, declared, identify(text)) for name, declared, text in chosen]
    took = time.process_time() - began
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    declared_by, agreed = Counter(declared for _, declared, _ in found), Counter(d for _, d, code in found if d == code)
    print(
        f"{len(found)} pages: {agreed.total() / len(found):.1%} agree, {1000 * took / len(found):.1f} ms of CPU a page;"
    )
    print(f"the model: {loaded:.1f} s of CPU, {grown:.0f} MB")
    print("\n| declared | pages | agree |\n|---|--:|--:|")
    for language, count in declared_by.most_common():
        print(f"| {language} | {count} | {agreed[language]} |")
    if options.show:
        for name, declared, code in found:
            if declared != code:
                print(name, "declares", declared, "identified", code)
    print()
    print_quality()


if __name__ == "__main__":
    main()
