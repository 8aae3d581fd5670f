"""Train the model of `pagemill.extraction.page_type` and cross-validate it on pages of unseen sites.

    python training/page_types.py                 # cross-validate, then train on all pages and write the model
    python training/page_types.py --no-write      # only cross-validate

Folds are those of training/train.py, grouped by registrable domain. Types come from the reading set and, for pages that
are not in it, from WCXB. A collection is a listing: of the 100 pages that both sets call one of
the two, they disagree on 41. Pages of no type teach each forest what is not of its type.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np
from publicsuffix2 import get_sld

import boosting
import reading_set
from pagemill.extraction import pipeline
from pagemill.extraction.choosing.model import classifier as block_classifier
from pagemill.extraction.metadata import page_metadata
from pagemill.extraction.page_type import classifier, signs
from pagemill.extraction.page_type.classifier import FORUM, TYPES, TypeClassifier
from pagemill.extraction.pipeline import FallbackReason
from pagemill.extraction.reading import document, normalization
from pagemill.extraction.reading.markup_names import MarkupNames
from pages import FOLDS

if TYPE_CHECKING:
    from collections.abc import Iterator

SHARED = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
MODEL = Path(classifier.__file__).with_name(classifier.MODEL)
SAME = {"collection": "listing", "category": "listing"}
OTHER = "other"
SETTINGS = boosting.CONTENT | {
    "learning_rate": 0.15,
    "min_data_in_leaf": 6,
    "feature_fraction": 0.3,
    "lambda_l2": 1.0,
    "num_leaves": 8,
}
ROUNDS = 80
THRESHOLDS = (0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


@dataclass(frozen=True, slots=True)
class Page:
    """One page with its type, and its features where it has any."""

    name: str
    kind: str
    fold: int
    told: str | None
    """What is told without the model."""
    features: np.ndarray | None


def sources(data: Path) -> Iterator[tuple[str, str, str, bytes]]:
    """Yield the name, type, URL and HTML of each page of both sets once."""
    known = set()
    for record in reading_set.read(data / "reading"):
        known.add(record.wcxb)
        yield record.name, record.kind, record.url, record.html
    for path in sorted((data / "wcxb-dev" / "ground-truth").glob("*.json")):
        if path.stem not in known:
            record = json.loads(path.read_text())
            html = gzip.decompress((data / "wcxb-dev" / "html" / f"{path.stem}.html.gz").read_bytes())
            yield path.stem, record["_internal"]["page_type"]["primary"], record.get("url") or "", html


def read(source: tuple[str, str, str, bytes]) -> Page:
    """Compute the features of a page as extraction does."""
    name, kind, url, html = source
    domain = get_sld(urlsplit(url).hostname or "") or name
    fold = int(hashlib.sha256(domain.encode()).hexdigest(), 16) % FOLDS
    page = document.read(html, url)
    metadata = page_metadata.read(page.tree, url, page.index)
    classes, names = page.body.attr("class") or "", MarkupNames(page.body)
    normalization.normalize(page.body, names)
    content = pipeline.keep_content(page, page.body, names, url, block_classifier.load(), title=metadata.title)
    told, features = None, None
    if content is FallbackReason.DISCUSSION:
        told = FORUM
    elif not isinstance(content, FallbackReason) and content.words.sum() >= pipeline.FEWEST_WORDS_OF_A_TYPE:
        features = signs.read(page.index, url, metadata, classes, content.quality_features)
    return Page(name, SAME.get(kind, kind), fold, told, features)


def fit(pages: list[Page]) -> TypeClassifier:
    """Train on pages."""
    known = [page for page in pages if page.features is not None]
    rows = np.array([page.features for page in known])
    forests = {}
    for name in TYPES:
        labels = np.array([float(page.kind == name) for page in known])
        examples = boosting.Examples(rows, labels, np.ones(len(known)))
        forests[name] = boosting.train(SETTINGS, ROUNDS, [examples])
    return TypeClassifier(rows.shape[1], 0.0, forests)


def cross_validate(pages: list[Page]) -> list[tuple[Page, str, float]]:
    """Return for each page its most likely type, and how likely that is, by a model that saw no page of its site."""
    found = []
    for fold in range(FOLDS):
        model = fit([page for page in pages if page.fold != fold])
        for page in pages:
            if page.fold != fold:
                continue
            if page.features is None:
                found.append((page, page.told or "", 1.0 if page.told else -1.0))
                continue
            chances = model.probabilities(page.features[:, None])[:, 0]
            found.append((page, TYPES[int(chances.argmax())], float(chances.max())))
    return found


def report(results: list[tuple[Page, str, float]], least: float) -> None:
    """Print accuracy by threshold, and the confusion at one."""
    print("\n| threshold | types told | right of those told | right of all |\n|--:|--:|--:|--:|")
    for threshold in sorted({*THRESHOLDS, least}):
        told = [(page, name) for page, name, chance in results if chance >= threshold]
        right = sum(page.kind == name for page, name in told)
        print(
            f"| {threshold:.1f} | {100 * len(told) / len(results):.1f} % | {100 * right / len(told):.1f} % "
            f"| {100 * right / len(results):.1f} % |"
        )
    counts = Counter((page.kind, name if chance >= least else "null") for page, name, chance in results)
    columns = (*TYPES, "null")
    print(f"\nAt {least}; a line is the true type:\n\n| | {' | '.join(columns)} | recall | precision |")
    print("|---|" + "--:|" * (len(columns) + 2))
    for kind in (*TYPES, OTHER):
        row = [counts[kind, name] for name in columns]
        told = sum(counts[other, kind] for other in (*TYPES, OTHER))
        shares = [f"{counts[kind, kind] / max(total, 1):.2f}" if kind != OTHER else "" for total in (sum(row), told)]
        print(f"| {kind} | {' | '.join(map(str, row))} | {' | '.join(shares)} |")


def main() -> None:
    """Run the program."""
    options: Any = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, default=SHARED)
    options.add_argument("--no-write", action="store_true")
    options.add_argument("--least", type=float, default=0.5, help="the probability from which a type is told")
    options.add_argument("--features", type=Path, help="a file that keeps the features between runs")
    options = options.parse_args()
    if options.features and options.features.exists():
        pages = list(np.load(options.features, allow_pickle=True))
    else:
        with ProcessPoolExecutor(2) as pool:
            pages = list(pool.map(read, sources(options.data), chunksize=16))
        if options.features:
            np.save(options.features, np.array(pages, object), allow_pickle=True)
    print(f"{len(pages)} pages: {Counter(page.kind for page in pages)}", flush=True)
    report(cross_validate(pages), options.least)
    if not options.no_write:
        model = fit(pages)
        classifier.write(MODEL, TypeClassifier(model.features, options.least, model.forests))


if __name__ == "__main__":
    main()
