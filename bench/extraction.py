"""Measures the content that extraction chooses, and its CPU time, against other open extractors on the same pages.

    python bench/extraction.py            # print the table
    python bench/extraction.py --write    # and put it into bench/README.md
    python bench/extraction.py --step 10  # every tenth page only

The others are installed into an environment of their own, in .cache/ beside this file, and each runs in a process of
its own, one page after another. rs-trafilatura is built there, and left out where there is no Rust to build it with.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import shutil
import statistics
import subprocess
import sys
import time
import venv
from collections import Counter, defaultdict
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).resolve().parent
DATA = HERE.parents[1] / "shared" / "data" / "wcxb-dev"
FIGURES = HERE.parent / "training" / "figures.json"
ENVIRONMENT = HERE / ".cache" / "extractors"
PEERS = ("trafilatura", "resiliparse", "readability-lxml", *(["rs-trafilatura"] if shutil.which("cargo") else []))
PACKAGES = (*PEERS, "lxml-html-clean")
OURS = {"pagemill": "Pagemill, as shipped", "content-alone": "the same, content alone"}
ROUNDS = 2  # in turns: what else the machine does comes and goes
MARKERS = "<!-- extraction -->", "<!-- /extraction -->"

_HEADING = """## Extraction

`python bench/extraction.py`: word F1 of the extracted text on the WCXB development pages (Murrough Foley, 2026,
CC-BY-4.0), all and by type, and CPU time. Pagemill's time is for everything: decoding, parsing, choice, cleaned HTML,
Markdown, metadata, links and images. The row below is without the last three, which take no time if they are not asked
for. The second table has the time of each stage. The others make only text; *ratio* is to the time of trafilatura. All
run twice, in turns, and of each page and stage the shorter time counts. *Cross-validated* is what to expect on sites
that the model has not seen: the training program's figure, with folds grouped by registrable domain. The shipped model
has learnt from these pages, so its figures are an upper bound. On a third of the pages, people reviewed what
rs-trafilatura had drafted."""

Row = dict[str, Any]
"""A page's number, type, length in bytes, CPU seconds and word F1."""


def pages(step: int) -> Iterator[tuple[str, str, bytes, str, str]]:
    """Each page's number, type, bytes, address and true content."""
    for path in sorted((DATA / "ground-truth").glob("*.json"))[::step]:
        record = json.loads(path.read_text())
        kind = (record.get("_internal") or {}).get("page_type") or {}
        kind = kind.get("primary", "article") if isinstance(kind, dict) else kind
        html = gzip.decompress((DATA / "html" / f"{path.stem}.html.gz").read_bytes())
        truth = record["ground_truth"].get("main_content") or ""
        yield path.stem, "collection" if kind == "category" else kind, html, record.get("url") or "", truth


def word_f1(text: str, truth: str) -> float:
    """The F1 of the two texts as bags of words; 1 where both are empty."""
    found, wanted = (re.findall(r"\w+", value.lower()) for value in (text, truth))
    if not found or not wanted:
        return float(not found and not wanted)
    return 2 * sum((Counter(found) & Counter(wanted)).values()) / (len(found) + len(wanted))


def pagemill() -> Callable[[bytes, str], str]:
    """Our extraction, giving its cleaned HTML."""
    from pagemill.extraction import extract

    return lambda html, url: extract(html, url).cleaned_html


def content_alone() -> Callable[[bytes, str], str]:
    """The same, asked for cleaned HTML and Markdown alone."""
    from pagemill.extraction import extract
    from pagemill.model import Format

    formats = (Format.CLEANED_HTML, Format.MARKDOWN)
    return lambda html, url: extract(html, url, formats=formats).cleaned_html


def trafilatura() -> Callable[[bytes, str], str]:
    """Trafilatura with its defaults."""
    extract = import_module("trafilatura").extract
    return lambda html, url: extract(html, url=url) or ""


def resiliparse() -> Callable[[bytes, str], str]:
    """Resiliparse's main content as plain text."""
    extract = import_module("resiliparse.extract.html2text").extract_plain_text
    encoding = import_module("resiliparse.parse.encoding")
    return lambda html, _: extract(encoding.bytes_to_str(html, encoding.detect_encoding(html)), main_content=True)


def readability_lxml() -> Callable[[bytes, str], str]:
    """The text of what Readability's port to lxml keeps."""
    document, fromstring = import_module("readability").Document, import_module("lxml.html").fromstring
    return lambda html, url: " ".join(fromstring(document(html, url=url).summary()).itertext())


def rs_trafilatura() -> Callable[[bytes, str], str]:
    """rs-trafilatura, rules and gradient-boosted trees in Rust, with its defaults."""
    extract = import_module("rs_trafilatura").extract_bytes
    return lambda html, url: extract(html, url=url).main_content or ""


def run(name: str, step: int) -> list[Row]:
    """Run one extractor in this process."""
    extract = globals()[name.replace("-", "_")]()
    extract(b"<p>Loads what is loaded once.</p>", "https://example.org/")
    rows = []
    for number, kind, html, url, truth in pages(step):
        begin = time.process_time()
        try:
            text = extract(html, url)
        except Exception as error:  # noqa: BLE001 — a page that an extractor fails on scores nothing
            text = ""
            print(f"{name} {number}: {type(error).__name__}", file=sys.stderr)
        seconds = time.process_time() - begin
        if name in OURS:
            import turbohtml

            text = turbohtml.parse(text).to_text()
        rows.append({"page": number, "type": kind, "bytes": len(html), "cpu": seconds, "f1": word_f1(text, truth)})
    return rows


# The functions of each stage of `extract`, by the stage's name: module and function of `pagemill.extraction`.
STAGES = {
    "decoding and parsing": (("reading.document", "read"),),
    "blocks": (("choosing.blocks", "split"), ("pipeline", "hidden_mask")),
    "features": (("choosing.features.block_features", "compute"),),
    "classifier and selection": (
        ("choosing.model.classifier:Classifier", "log_odds"),
        ("choosing.model.classifier:Classifier", "quality"),
        ("choosing.selection", "select_blocks"),
    ),
    "pruning the tree": (("choosing.pruning", "prune"),),
    "cleaned tree and HTML": (
        ("writing.cleaned_html", "write"),
        ("writing.cleaned_html", "parse"),
        ("writing.cleaned_html", "serialize"),
    ),
    "Markdown": (("writing.markdown", "render"),),
    "signals of a page without content": (("choosing.signals", "read"),),
    "metadata": (("metadata.page_metadata", "read"),),
    "links and images": (("metadata.media", "links"), ("metadata.media", "images")),
}


def stages(step: int) -> dict[str, float]:
    """The CPU milliseconds that each stage takes for 100 KB of page, over all pages."""
    from pagemill.extraction import extract

    spent = dict.fromkeys(STAGES, 0.0)
    for stage, calls in STAGES.items():
        for place, name in calls:
            module, _, kind = place.partition(":")
            owner = import_module(f"pagemill.extraction.{module}")
            owner = getattr(owner, kind) if kind else owner
            setattr(owner, name, _timed(getattr(owner, name), spent, stage))
    extract(b"<p>Loads what is loaded once.</p>", "https://example.org/")
    spent.update(dict.fromkeys(STAGES, 0.0))
    size = 0
    for _, _, html, url, _ in pages(step):
        extract(html, url)
        size += len(html)
    return {stage: seconds / size * 1e8 for stage, seconds in spent.items()}


def _timed(function: Callable[..., Any], spent: dict[str, float], stage: str) -> Callable[..., Any]:
    def timed(*arguments: Any, **options: Any) -> Any:
        begin = time.process_time()
        try:
            return function(*arguments, **options)
        finally:
            spent[stage] += time.process_time() - begin

    return timed


def stage_table(times: dict[str, float]) -> str:
    """The stages' times as a Markdown table."""
    lines = ["| stage | CPU per 100 KB |", "|---|--:|", *(f"| {stage} | {ms:.2f} ms |" for stage, ms in times.items())]
    return "\n".join(lines)


def run_apart(name: str, step: int) -> Any:
    """Run one extractor in a process of its own."""
    python = _environment() if name in PEERS else Path(sys.executable)
    done = subprocess.run(
        [python, __file__, "--only", name, "--step", str(step)], stdout=subprocess.PIPE, check=True, text=True
    )
    return json.loads(done.stdout)


def quickest(rounds: list[list[Row]]) -> list[Row]:
    """The rows of one extractor, each page's with the lowest time of all rounds."""
    return [min(rows, key=lambda row: row["cpu"]) for rows in zip(*rounds, strict=True)]


def _environment() -> Path:
    """The Python of the others' environment, which is made where it is not there yet."""
    python = ENVIRONMENT / "bin" / "python"
    if not python.exists():
        venv.create(ENVIRONMENT, with_pip=True)
    for package in PACKAGES:  # one by one: older versions of pip trip over extras that two of them name
        subprocess.run([python, "-m", "pip", "install", "--quiet", package], check=True)
    return python


def table(results: dict[str, list[Row]]) -> str:
    """The results as a Markdown table."""
    kinds = sorted({row["type"] for row in results["pagemill"]})
    lines = [
        f"| extractor | F1 | {' | '.join(kinds)} | CPU a page | per 100 KB | ratio |",
        f"|---|--:|{'--:|' * len(kinds)}--:|--:|--:|",
    ]
    usual = sum(row["cpu"] for row in results["trafilatura"])
    if FIGURES.exists():
        told = json.loads(FIGURES.read_text())
        scores = " | ".join(f"{told['by_type'][kind]:.3f}" for kind in kinds)
        lines.append(f"| **Pagemill, cross-validated** | **{told['f1']:.3f}** | {scores} | | | |")
    for name, rows in results.items():
        by_kind = defaultdict(list)
        for row in rows:
            by_kind[row["type"]].append(row["f1"])
        scores = " | ".join(f"{statistics.mean(by_kind[kind]):.3f}" for kind in kinds)
        cpu, size = sum(row["cpu"] for row in rows), sum(row["bytes"] for row in rows)
        label = OURS.get(name, name)
        overall = statistics.mean(row["f1"] for row in rows)
        times = f"{cpu / len(rows) * 1e3:.1f} ms | {cpu / size * 1e8:.2f} ms | {cpu / usual:.2f}"
        lines.append(f"| {label} | {overall:.3f} | {scores} | {times} |")
    return "\n".join(lines)


def write(text: str) -> None:
    """Put the section into bench/README.md, in place of the one that is there."""
    readme = HERE / "README.md"
    section = f"{MARKERS[0]}\n{_HEADING}\n\n{text}\n{MARKERS[1]}"
    old = readme.read_text()
    if MARKERS[0] in old:
        begin, end = old.index(MARKERS[0]), old.index(MARKERS[1]) + len(MARKERS[1])
        readme.write_text(old[:begin] + section + old[end:])
    else:
        readme.write_text(f"{old.rstrip()}\n\n{section}\n")


def main() -> None:
    """Run the program."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--step", type=int, default=1)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--only", choices=(*OURS, "stages", *PEERS), help="run one here and print it as JSON")
    options = parser.parse_args()
    if options.only:
        print(json.dumps(stages(options.step) if options.only == "stages" else run(options.only, options.step)))
        return
    rounds = [{name: run_apart(name, options.step) for name in (*OURS, "stages", *PEERS)} for _ in range(ROUNDS)]
    results = {name: quickest([found[name] for found in rounds]) for name in (*OURS, *PEERS)}
    stages_of = {stage: min(found["stages"][stage] for found in rounds) for stage in STAGES}
    text = f"{table(results)}\n\n{stage_table(stages_of)}"
    print(text)
    if options.write:
        write(text)


if __name__ == "__main__":
    main()
