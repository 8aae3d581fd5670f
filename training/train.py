"""Train the model of `pagemill.extraction` and cross-validate it on pages of unseen sites.

    python training/train.py                     # cross-validate, then train on all pages and write the model
    python training/train.py --no-write          # only cross-validate

Folds are grouped by registrable domain. The same data and the same versions (training/requirements.txt) give the same
figures and the same model. The figures are those of the whole pipeline: the words of the cleaned HTML.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import statistics
import time
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import turbohtml

import boosting
import class_words
import pages as data
from pagemill.extraction import pipeline
from pagemill.extraction.choosing import blocks, embedded_text, pruning
from pagemill.extraction.choosing.features import block_features
from pagemill.extraction.choosing.model import classifier
from pagemill.extraction.choosing.model.classifier import Classifier
from pagemill.extraction.choosing.model.trees import LEAVES, Trees
from pagemill.extraction.reading import document
from pagemill.extraction.writing import cleaned_html

if TYPE_CHECKING:
    from pages import Page

HERE = Path(__file__).resolve().parent
SHARED = HERE.parent.parent / "shared" / "data" / "wcxb-dev"
MODEL = Path(classifier.__file__).with_name(classifier.MODEL)
FIGURES = HERE / "figures.json"

_MAX_BLOCKS = 300  # of one page in one sample, so that pages with thousands of blocks do not dominate
_NO_TREES = Trees(
    np.zeros((0, 0), np.int32),
    np.zeros((0, 0), np.float32),
    np.zeros((0, 0), np.uint16),
    np.zeros((0, LEAVES), np.float32),
)


def main() -> None:
    """Run the program."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, default=SHARED)
    options.add_argument("--no-write", action="store_true")
    options.add_argument("--processes", type=int, default=os.cpu_count(), help="how many folds at a time")
    options = options.parse_args()
    begin = time.monotonic()
    pages = list(data.read(options.data))
    blocks = sum(len(page.words) for page in pages)
    print(f"{len(pages)} pages, {blocks} blocks, {time.monotonic() - begin:.0f} s", flush=True)
    vocabularies = class_words.Vocabularies(pages)
    print(f"vocabularies, {time.monotonic() - begin:.0f} s", flush=True)
    # Every process has its own copy of the pages, because HTML trees cannot be pickled.
    results: dict[str, Result] = {}
    fork = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(options.processes, fork, _Work.begin, (pages, vocabularies)) as pool:
        folds = [pool.submit(_Work.cross_validate, fold) for fold in range(data.FOLDS)]
        whole = None if options.no_write else pool.submit(_Work.fit_all)
        for fold, future in enumerate(folds):
            results |= future.result()
            print(f"fold {fold}, {time.monotonic() - begin:.0f} s", flush=True)
    expected = cross_validated_quality(pages, results)
    figures = report(pages, results, expected)
    if whole is not None:
        final = whole.result()
        final = replace(final, quality_regressor=fit_quality([results[page.name] for page in pages]))
        classifier.write(MODEL, final)
        FIGURES.write_text(json.dumps(figures, indent=1) + "\n")
        print(f"{MODEL.name}: {MODEL.stat().st_size} bytes, {time.monotonic() - begin:.0f} s")


@dataclass(frozen=True, slots=True)
class Result:
    """The result of the pipeline on a page, with a model that has not seen its site."""

    f1: float
    quality_features: np.ndarray | None
    """Those of the selection; None for a page without text."""


class _Work:
    """The tasks of a pool's processes. The pages and vocabularies are set before they begin."""

    pages: ClassVar[list[Page]]
    vocabularies: ClassVar[class_words.Vocabularies]

    @classmethod
    def begin(cls, pages: list[Page], vocabularies: class_words.Vocabularies) -> None:
        cls.pages, cls.vocabularies = pages, vocabularies

    @classmethod
    def cross_validate(cls, fold: int) -> dict[str, Result]:
        model = fit([page for page in cls.pages if page.fold != fold], cls.vocabularies, fold)
        return {page.name: result_of(page, model) for page in cls.pages if page.fold == fold}

    @classmethod
    def fit_all(cls) -> Classifier:
        return fit(cls.pages, cls.vocabularies)


def fit(pages: list[Page], vocabularies: class_words.Vocabularies, *left_out: int) -> Classifier:
    """Train on the pages of all folds but those left out. Each page is seen with a vocabulary that has not seen it."""
    pages = [page for page in pages if len(page.words)]
    names: list[str] = []
    rows = []
    for page in pages:
        values = block_features.compute(
            page.flat, page.hidden, page.url, vocabularies.without(page.fold, *left_out)
        ).rows
        names = names or list(values)
        rows.append(block_features.stack(values, names).T)
    samples = [sample(pages, rows, seed) for seed in range(1 + classifier.SECOND_STAGE_FORESTS)]
    first = boosting.train(boosting.CONTENT, boosting.CONTENT_ROUNDS, samples[:1])
    further = boosting.train(boosting.CONTENT, boosting.CONTENT_ROUNDS, samples[1:], seed=2)
    return Classifier(names, vocabularies.without(*left_out), first, further, _NO_TREES)


def sample(pages: list[Page], rows: list[np.ndarray], seed: int) -> boosting.Examples:
    """Sample blocks of each page, weighted so that they represent the whole page."""
    chance = np.random.default_rng(seed)
    taken = [np.sort(chance.choice(len(of), min(len(of), _MAX_BLOCKS), replace=False)) for of in rows]
    weights = [
        data.importance_of(page)[drawn] * len(page.words) / len(drawn) for page, drawn in zip(pages, taken, strict=True)
    ]
    return boosting.Examples(
        np.concatenate([of[drawn] for of, drawn in zip(rows, taken, strict=True)]),
        np.concatenate([page.label[drawn] for page, drawn in zip(pages, taken, strict=True)]),
        np.concatenate(weights),
    )


def result_of(page: Page, model: Classifier) -> Result:
    """Extract a page as the pipeline does, and compare its cleaned HTML with the truth."""
    read = document.read(page.html, page.url)
    body, figures = read.body, None
    flat = blocks.split(body)
    if flat is not None and flat.owner:
        selection = pipeline.select_content(flat, body, page.url, model)
        figures = selection.quality_features
        pruning.prune(flat, selection.selected, selection.words)
    else:
        embedded_text.add(read.tree, body)
    text = turbohtml.parse(cleaned_html.serialize(cleaned_html.clean(body, read.base_url))).to_text()
    return Result(data.word_f1(data.words_of(text), page.truth), figures)


def fit_quality(results: list[Result]) -> Trees:
    """Train the trees that predict the F1 of a selection from its quality features."""
    known = [result for result in results if result.quality_features is not None]
    rows, f1 = np.stack([result.quality_features for result in known]), np.array([result.f1 for result in known])
    examples = boosting.Examples(rows, f1, np.ones(len(f1)))
    return boosting.train(boosting.QUALITY, boosting.QUALITY_ROUNDS, [examples])


def cross_validated_quality(pages: list[Page], results: dict[str, Result]) -> dict[str, float]:
    """Return the quality of each page's selection, predicted by trees that have not seen its site."""
    quality: dict[str, float] = {}
    for fold in range(data.FOLDS):
        trees = fit_quality([results[page.name] for page in pages if page.fold != fold])
        for page in pages:
            figures = results[page.name].quality_features
            if page.fold == fold and figures is not None:
                quality[page.name] = float(np.clip(trees.sums(figures[:, None])[0], 0, 1))
    return quality


def report(pages: list[Page], results: dict[str, Result], quality: dict[str, float]) -> dict[str, object]:
    """Print and return the figures of the cross-validation."""
    kinds = defaultdict(list)
    for page in pages:
        kinds[page.kind].append(results[page.name].f1)
    by_kind = {kind: round(statistics.mean(scores), 4) for kind, scores in sorted(kinds.items())}
    overall = round(statistics.mean(result.f1 for result in results.values()), 4)
    names = sorted(quality, key=quality.__getitem__)
    eighths = [
        [
            round(float(np.mean([value(name) for name in part])), 3)
            for value in (quality.__getitem__, lambda n: results[n].f1)
        ]
        for part in np.array_split(np.array(names), 8)
    ]
    predicted, f1 = np.array([quality[name] for name in names]), np.array([results[name].f1 for name in names])
    figures = {
        "f1": overall,
        "by_type": by_kind,
        "quality": {
            "correlation": round(float(np.corrcoef(predicted, f1)[0, 1]), 3),
            "mean_absolute_error": round(float(np.abs(predicted - f1).mean()), 3),
            "eighths": eighths,
        },
    }
    print(json.dumps(figures))
    return figures


if __name__ == "__main__":
    main()
