"""How well the verdict tells pages with their content from shells, on real pages, and what it costs.

    .venv/bin/python -m bench.content.verdict ../shared/data/wcxb-dev

A page has its content where at least half of the four-word sequences of its ground truth are in its text (with that of
`<noscript>`, without scripts); it lacks it where less than a tenth are.
"""

from __future__ import annotations

import gzip
import json
import re
import statistics
import sys
import time
from pathlib import Path

import turbohtml

from pagemill.extraction import extract
from pagemill.extraction.choosing import signals
from pagemill.fetching.verdict import Kind, classify

SEQUENCE = 4
_WORD = re.compile(r"\w+")


def sequences(text: str) -> set[tuple[str, ...]]:
    """All sequences of four words."""
    words = [word.lower() for word in _WORD.findall(text)]
    return {tuple(words[i : i + SEQUENCE]) for i in range(max(1, len(words) - SEQUENCE + 1))} if words else set()


def coverage(html: bytes, truth: str) -> float | None:
    """How much of the ground truth is in the page's text; None where there is none."""
    wanted = sequences(truth)
    if not wanted:
        return None
    root = turbohtml.parse(html, detect_encoding=True, positions=False).root
    if root is None:
        return 0.0
    root.remove("script, style, template")
    return len(wanted & sequences(root.text)) / len(wanted)


def main(folder: Path) -> None:
    sent: dict[str, list[bool]] = {"has": [], "lacks": [], "partly": [], "unknown": []}
    times = []
    for file in sorted((folder / "ground-truth").glob("*.json")):
        truth = json.loads(file.read_text())["ground_truth"].get("main_content") or ""
        html = gzip.decompress((folder / "html" / f"{file.stem}.html.gz").read_bytes())
        content = extract(html, "https://example.com/")
        tree = turbohtml.parse(html, detect_encoding=True, positions=False)
        started = time.perf_counter()
        seen = signals.read(tree)
        verdict = classify(200, {}, html, seen, content.quality)
        times.append(1000 * (time.perf_counter() - started))
        part = coverage(html, truth)
        group = "unknown" if part is None else "has" if part >= 0.5 else "lacks" if part < 0.1 else "partly"
        sent[group].append(verdict.kind is not Kind.OK)
    for group, found in sent.items():
        print(f"{group:8} {len(found):5} pages, {sum(found):3} to the browser ({100 * statistics.mean(found):.1f}%)")
    times.sort()
    print(f"cost     mean {statistics.mean(times):.2f} ms, median {statistics.median(times):.2f}, "
          f"99% {times[int(len(times) * 0.99)]:.2f}")  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]))
