"""Measures the content that extraction chooses, and its CPU time, against other open extractors on the same pages.

    python -m bench.content.extraction            # print the tables
    python -m bench.content.extraction --write    # and put them into bench/README.md
    python -m bench.content.extraction --step 10  # every tenth page only

The others are installed into an environment of their own, in bench/.cache/, and each runs in a process of
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
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.readme import write_section

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

HERE = Path(__file__).resolve().parents[1]
DATA = HERE.parents[1] / "shared" / "data"
TRAINING = HERE.parent / "training"
FIGURES = TRAINING / "figures.json"
ENVIRONMENT = HERE / ".cache" / "extractors"
PEERS = ("trafilatura", "resiliparse", "readability-lxml", *(["rs-trafilatura"] if shutil.which("cargo") else []))
PACKAGES = (*PEERS, "lxml-html-clean")
OURS = {"pagemill": "Pagemill, as shipped", "content-alone": "the same, content alone"}
ROUNDS = 2  # in turns: what else the machine does comes and goes

_HEADING = """## Extraction

`python -m bench.content.extraction`: two sets of pages, each extractor with its defaults, all in one run.

- **The reading set**: every block of a page was read and given a role. The words of titles, body and captions are
  wanted, bylines and dates are welcome, all others are unwanted. *Body F1* counts titles as welcome only, for
  extractors that leave titles out. *Junk* is the share of unwanted passages of ten words or more that is kept.
- **WCXB** (Murrough Foley, 2026, CC-BY-4.0): word F1 against the plain text of its development pages. *With titles
  welcome*: the words of the title, the author and the captions of pictures count as neither wanted nor wrong. WCXB's
  truth leaves most of them out, and Pagemill keeps them on purpose.

*Cross-validated* is what to expect on sites that the model has not seen: the training program's figures, with folds
grouped by registrable domain. The shipped model has learnt from these pages, so its own row is an upper bound. On a
third of the pages of WCXB, people reviewed what rs-trafilatura had drafted.

CPU time is for all pages. Pagemill's is for everything: decoding, parsing, choice, cleaned HTML, Markdown, metadata,
links and images. The row below it is without the last three, which take no time if they are not asked for. The others
make only text. *Ratio* is to the time of trafilatura. All run twice, in turns, and of each page and stage the shorter
time counts."""

Row = dict[str, Any]
"""A page's name, CPU seconds and extracted text."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of either set or of both."""

    name: str
    kind: str
    html: bytes
    url: str
    truth: str | None
    """WCXB's plain text; None for a page that is not in it."""
    welcome: str
    """What WCXB's truth leaves out and no reader minds: title, author, captions."""
    blocks: list[tuple[str, str]] | None
    """The role and text of each block; None for a page that is not in the reading set."""


def pages(step: int) -> Iterator[Page]:
    """Yield the pages of both sets, or one of each `step`. A page of both comes once."""
    known = set()
    paths = [*sorted((DATA / "reading" / "ground-truth").glob("*.json.gz"))]
    for number, path in enumerate(paths):
        record = json.loads(gzip.decompress(path.read_bytes()))
        source = (DATA / "reading" / record["html"]).resolve()
        wcxb = source.name.partition(".")[0] if source.parent.parent.name == "wcxb-dev" else ""
        known.add(wcxb)
        if number % step:
            continue
        truth, welcome = _wcxb(wcxb) if wcxb else (None, "")
        blocks = [(role, text) for role, text in record["blocks"]]
        welcome += "\n".join(text for role, text in blocks if role in ("title", "meta", "caption"))
        html = gzip.decompress(source.read_bytes())
        yield Page(record["id"], record["type"], html, record["url"], truth, welcome, blocks)
    for number, path in enumerate(sorted((DATA / "wcxb-dev" / "ground-truth").glob("*.json"))):
        if path.stem in known or number % step:
            continue
        record = json.loads(path.read_text())
        kind = (record.get("_internal") or {}).get("page_type") or {}
        kind = kind.get("primary", "article") if isinstance(kind, dict) else kind
        html = gzip.decompress((DATA / "wcxb-dev" / "html" / f"{path.stem}.html.gz").read_bytes())
        kind = "collection" if kind == "category" else kind
        yield Page(path.stem, kind, html, record.get("url") or "", *_wcxb(path.stem), None)


def _wcxb(name: str) -> tuple[str, str]:
    """Return WCXB's plain text of a page, and what else is welcome."""
    truth = json.loads((DATA / "wcxb-dev" / "ground-truth" / f"{name}.json").read_text())["ground_truth"]
    return truth.get("main_content") or "", f"{truth.get('title') or ''}\n{truth.get('author') or ''}\n"


def word_f1(text: str, truth: str, welcome: str = "") -> float:
    """The F1 of two texts as bags of words; 1 where both are empty. Words of `welcome` are neither wanted nor wrong."""
    found, wanted, spared = (Counter(re.findall(r"\w+", value.lower())) for value in (text, truth, welcome))
    right = (found & wanted).total()
    counted = found.total() - ((found - wanted) & spared).total()
    if not counted or not wanted:
        return float(not counted and not wanted)
    return 2 * right / (counted + wanted.total())


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
    for page in pages(step):
        begin = time.process_time()
        try:
            text = extract(page.html, page.url)
        except Exception as error:  # noqa: BLE001 — a page that an extractor fails on scores nothing
            text = ""
            print(f"{name} {page.name}: {type(error).__name__}", file=sys.stderr)
        seconds = time.process_time() - begin
        if name in OURS:
            import turbohtml

            text = turbohtml.parse(text).to_text()
        rows.append({"page": page.name, "cpu": seconds, "text": text})
    return rows


# The functions of each stage of `extract`, by the stage's name: module and function of `pagemill.extraction`.
STAGES = {
    "decoding and parsing": (("reading.document", "read"),),
    "markup of well-known software": (
        ("pipeline", "MarkupNames"),
        ("reading.normalization", "normalize"),
        ("reading.normalization", "remove_boxes"),
        ("reading.normalization", "remove_labels"),
    ),
    "discussions and products": (("discussions", "read"), ("products", "read"), ("products", "insert")),
    "blocks": (("choosing.blocks", "split"), ("pipeline", "hidden_mask")),
    "features": (("choosing.features.block_features", "compute"),),
    "classifier and selection": (
        ("choosing.model.classifier:Classifier", "log_odds"),
        ("choosing.model.classifier:Classifier", "quality"),
        ("choosing.selection", "select_blocks"),
    ),
    "rules": (
        ("choosing.rules.completion", "complete"),
        ("choosing.rules.completion", "remove_parts_of_header"),
        ("pipeline", "_settle_comments"),
        ("pipeline", "_find_header"),
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
    for page in pages(step):
        extract(page.html, page.url)
        size += len(page.html)
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
        [python, "-m", "bench.content.extraction", "--only", name, "--step", str(step)],
        cwd=HERE.parent,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
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


def reading_table(found: Sequence[Page], results: dict[str, list[Row]]) -> str:
    """The scores on the reading set as a Markdown table."""
    sys.path.insert(0, str(TRAINING))
    reading_score = import_module("reading_score")
    read = [(number, page) for number, page in enumerate(found) if page.blocks is not None]
    kinds = [kind for kind, _ in Counter(page.kind for _, page in read).most_common() if kind != "other"]
    lines = [
        f"| reading set, {len(read)} pages | F1 | body F1 | title | junk | {' | '.join(kinds)} |",
        f"|---|--:|--:|--:|--:|{'--:|' * len(kinds)}",
    ]
    if FIGURES.exists():
        told = json.loads(FIGURES.read_text())["reading"]
        own = " | ".join(f"{told[kind]['f1']:.3f}" for kind in kinds)
        overall = told["all"]
        lines.append(
            f"| **Pagemill, cross-validated** | **{overall['f1']:.3f}** | | {overall['title']:.3f} | "
            f"{overall['junk']:.3f} | {own} |"
        )
    for name, rows in results.items():
        if name == "content-alone":
            continue
        scores: dict[str, list[float]] = defaultdict(list)
        for number, page in read:
            blocks = page.blocks or []
            score = reading_score.score(blocks, rows[number]["text"])
            scores["all"].append(score.f1)
            scores[page.kind].append(score.f1)
            as_meta = [("meta" if role == "title" else role, text) for role, text in blocks]
            scores["body"].append(reading_score.score(as_meta, rows[number]["text"]).f1)
            for part, share in (("title", score.title), ("junk", score.junk)):
                if share is not None:
                    scores[part].append(share)
        cells = (f"{statistics.mean(scores[part]):.3f}" for part in ("all", "body", "title", "junk", *kinds))
        lines.append(f"| {OURS.get(name, name)} | {' | '.join(cells)} |")
    return "\n".join(lines)


def wcxb_table(found: Sequence[Page], results: dict[str, list[Row]]) -> str:
    """The scores on WCXB as a Markdown table."""
    pages_of = [(number, page, page.truth) for number, page in enumerate(found) if page.truth is not None]
    lines = [
        f"| WCXB, {len(pages_of)} pages | F1 | with titles welcome |",
        "|---|--:|--:|",
    ]
    if FIGURES.exists():
        told = json.loads(FIGURES.read_text())
        lines.append(f"| **Pagemill, cross-validated** | **{told['wcxb']:.3f}** | {told['wcxb_welcome']:.3f} |")
    for name, rows in results.items():
        if name == "content-alone":
            continue
        strict = statistics.mean(word_f1(rows[number]["text"], truth) for number, _, truth in pages_of)
        spared = statistics.mean(word_f1(rows[number]["text"], truth, page.welcome) for number, page, truth in pages_of)
        lines.append(f"| {OURS.get(name, name)} | {strict:.3f} | {spared:.3f} |")
    return "\n".join(lines)


def time_table(found: Sequence[Page], results: dict[str, list[Row]]) -> str:
    """The CPU times as a Markdown table."""
    lines = ["| CPU | a page | per 100 KB | ratio |", "|---|--:|--:|--:|"]
    size = sum(len(page.html) for page in found)
    usual = sum(row["cpu"] for row in results["trafilatura"])
    for name, rows in results.items():
        cpu = sum(row["cpu"] for row in rows)
        times = f"{cpu / len(rows) * 1e3:.1f} ms | {cpu / size * 1e8:.2f} ms | {cpu / usual:.2f}"
        lines.append(f"| {OURS.get(name, name)} | {times} |")
    return "\n".join(lines)


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
    found = list(pages(options.step))
    tables = [make(found, results) for make in (reading_table, wcxb_table, time_table)]
    text = "\n\n".join([*tables, stage_table(stages_of)])
    print(text)
    if options.write:
        write_section("extraction", f"{_HEADING}\n\n{text}")


if __name__ == "__main__":
    main()
