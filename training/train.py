"""Train the model of `pagemill.extraction` and cross-validate it on pages of unseen sites.

    python training/train.py                     # cross-validate, then train on all pages and write the model
    python training/train.py --no-write          # only cross-validate
    python training/train.py --corrections FOLDER --model other.npz    # learn from corrected pages as well

Folds are grouped by registrable domain. The same data and the same versions (training/requirements.txt) give the same
figures and the same model. The figures are those of the whole pipeline: the words of the cleaned HTML.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import statistics
import sys
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
import phrase_models
import reading_score
import reading_set
from pagemill.extraction import pipeline
from pagemill.extraction.choosing.features import block_features
from pagemill.extraction.choosing.features.lexicon import Lexicon
from pagemill.extraction.choosing.model import classifier
from pagemill.extraction.choosing.model.classifier import Classifier
from pagemill.extraction.choosing.model.trees import LEAVES, Trees
from pagemill.extraction.reading import document, normalization
from pagemill.extraction.reading.markup_names import MarkupNames
from pagemill.extraction.writing import cleaned_html

if TYPE_CHECKING:
    from pages import Page

HERE = Path(__file__).resolve().parent
SHARED = HERE.parent.parent / "shared" / "data"
MODEL = Path(classifier.__file__).with_name(classifier.MODEL)
FIGURES = HERE / "figures.json"

_MAX_BLOCKS = 300  # of one page, for one forest; a page of thousands would teach what the others do not need
_MAX_NEGATIVES = 200  # blocks of one page without a role, for the forest of that role
_DISGUISED_EVERY = 6
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
    options.add_argument("--write-only", action="store_true", help="no cross-validation; the trees for quality stay")
    options.add_argument("--corrections", type=Path, help="a folder of `pagemill corrections export`")
    options.add_argument("--model", type=Path, default=MODEL, help="where the model is written")
    options.add_argument("--step", type=int, default=1, help="of so many pages, take one")
    options.add_argument("--processes", type=int, default=os.cpu_count(), help="how many folds at a time")
    options = options.parse_args()
    if options.corrections is not None and not any(options.corrections.rglob("ground-truth")):
        sys.exit(f"{options.corrections} holds no corrected pages.")
    begin = time.monotonic()
    pages = list(data.read(options.data / "wcxb-dev", options.data / "reading", options.step, options.corrections))
    count = sum(len(page.words) for page in pages)
    print(f"{len(pages)} pages, {count} blocks, {time.monotonic() - begin:.0f} s", flush=True)
    lexicons = Lexicons(pages)
    for fold in range(data.FOLDS):
        for other in range(fold, data.FOLDS):
            lexicons.without(fold, other)
    print(f"lexicons, {time.monotonic() - begin:.0f} s", flush=True)
    # Every process has its own copy of the pages: trees of HTML cannot be sent from one to another.
    results: dict[str, Result] = {}
    fork = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(options.processes, fork, _Work.begin, (pages, lexicons)) as pool:
        whole = None if options.no_write else pool.submit(_Work.fit_all)
        folds = [] if options.write_only else [pool.submit(_Work.cross_validate, fold) for fold in range(data.FOLDS)]
        for fold, future in enumerate(folds):
            results |= future.result()
            print(f"fold {fold}, {time.monotonic() - begin:.0f} s", flush=True)
    figures = None
    pages = [page for page in pages if not page.is_corrected]
    if results:
        figures = report(pages, results, cross_validated_quality(pages, results))
    if whole is not None:
        final = whole.result()
        if results:
            quality = fit_quality([results[page.name] for page in pages])
        else:
            with np.load(MODEL, allow_pickle=False) as known:
                quality = classifier.read_trees(known, "quality")
        classifier.write(options.model, replace(final, quality_regressor=quality))
        print(f"{options.model.name}: {options.model.stat().st_size} bytes, {time.monotonic() - begin:.0f} s")
    if figures is not None and not options.no_write and options.model == MODEL:
        FIGURES.write_text(json.dumps(figures, indent=1) + "\n")


class Lexicons:
    """What words tell, fitted with all pages or without some folds."""

    def __init__(self, pages: list[Page]) -> None:
        self._class_names = class_words.Vocabularies(pages)
        self._phrases = phrase_models.PhraseModels(pages)

    def without(self, *folds: int) -> Lexicon:
        """Return what the pages of the other folds tell."""
        return Lexicon(self._class_names.without(*folds), *self._phrases.without(*folds))


@dataclass(frozen=True, slots=True)
class Result:
    """The result of the pipeline on a page, with a model that has not seen its site."""

    wcxb: float | None
    """The word F1 by WCXB's truth; None for a page that is not in it."""
    wcxb_welcome: float | None
    """The same where the words of title, author and captions are neither wanted nor wrong."""
    reading: reading_score.Score | None
    """The scores by the roles of blocks; None for a page without."""
    quality_features: np.ndarray | None
    """Of the selection; None for a page without text."""

    @property
    def f1(self) -> float:
        """The score that counts: by roles where these are known."""
        return self.reading.f1 if self.reading is not None else self.wcxb or 0.0


class _Work:
    """The tasks of a pool's processes. The pages and vocabularies are set before they begin."""

    pages: ClassVar[list[Page]]
    lexicons: ClassVar[Lexicons]

    @classmethod
    def begin(cls, pages: list[Page], lexicons: Lexicons) -> None:
        cls.pages, cls.lexicons = pages, lexicons

    @classmethod
    def cross_validate(cls, fold: int) -> dict[str, Result]:
        model = fit([page for page in cls.pages if page.fold != fold], cls.lexicons, fold)
        return {page.name: result_of(page, model) for page in cls.pages if page.fold == fold and not page.is_corrected}

    @classmethod
    def fit_all(cls) -> Classifier:
        return fit(cls.pages, cls.lexicons)


def fit(pages: list[Page], lexicons: Lexicons, *left_out: int) -> Classifier:
    """Train on pages, which are those of all folds but some. Each is seen with a lexicon that has not seen it.

    Some are learnt from once more in disguise, so that the model does not lean on what a site may change at will.
    """
    pages = [page for page in pages if len(page.words)]
    pages += [data.disguised(page) for page in pages[::_DISGUISED_EVERY]]
    names: list[str] = []
    rows = []
    for page in pages:
        lexicon = lexicons.without(page.fold, *left_out)
        values = block_features.compute(page.flat, page.hidden, page.titles, lexicon).rows
        names = names or list(values)
        rows.append(block_features.stack(values, names).T)
    samples = [sample(pages, rows, seed) for seed in range(1 + classifier.SECOND_STAGE_FORESTS)]
    first = boosting.train(boosting.CONTENT, boosting.CONTENT_ROUNDS, samples[:1])
    second = boosting.train(boosting.CONTENT, boosting.CONTENT_ROUNDS, samples[1:], seed=2)
    roles = {role: fit_role(role, pages, rows) for role in classifier.ROLES}
    return Classifier(names, lexicons.without(*left_out), first, second, _NO_TREES, roles)


def fit_role(role: str, pages: list[Page], rows: list[np.ndarray]) -> Trees:
    """Train the forest that tells the blocks of one role from all others, on the pages whose roles are known.

    A block of comments counts by its words, as their number is what a reader would miss; others count once.
    """
    chance = np.random.default_rng(0)
    number = reading_set.ROLES.index(role)
    parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for page, of in zip(pages, rows, strict=True):
        if page.roles is None:
            continue
        label = page.roles[number]
        weight = np.minimum(page.words + 0.5, 40) / 10 if role == "comments" else np.ones(len(label))
        weight = weight * page.trust
        positive, negative = np.flatnonzero(label > 0.3), np.flatnonzero(label <= 0.3)
        drawn = np.sort(chance.choice(negative, min(len(negative), _MAX_NEGATIVES), replace=False))
        taken = np.concatenate([positive, drawn])
        share = len(negative) / max(len(drawn), 1)
        scale = np.concatenate([np.ones(len(positive)), np.full(len(drawn), share)])
        parts.append((of[taken], label[taken], weight[taken] * scale))
    examples, labels, weights = zip(*parts, strict=True)
    joined = boosting.Examples(np.concatenate(examples), np.concatenate(labels), np.concatenate(weights))
    return boosting.train(boosting.ROLE, boosting.ROLE_ROUNDS, [joined], seed=3)


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
    """Extract a page as the pipeline does, and compare the words of its cleaned HTML with the truth."""
    read = document.read(page.html, page.url)
    body = read.body
    names = MarkupNames(body)
    normalization.normalize(body, names)
    content = pipeline.keep_content(read, body, names, page.url, model)
    text = turbohtml.parse(cleaned_html.serialize(cleaned_html.clean(body, read.base_url))).to_text()
    words = data.words_of(text)
    return Result(
        wcxb=None if page.truth is None else data.word_f1(words, page.truth),
        wcxb_welcome=None if page.truth is None else data.word_f1(words, page.truth, page.welcome),
        reading=None if page.record is None else reading_score.score(page.record.blocks, text),
        quality_features=content.quality_features if isinstance(content, pipeline.MainContent) else None,
    )


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
    read = [(page, score) for page in pages if (score := results[page.name].reading) is not None]
    by_kind: dict[str, list[reading_score.Score]] = defaultdict(list)
    by_language: dict[str, list[float]] = defaultdict(list)
    for page, score in read:
        by_kind["all"].append(score)
        by_kind[page.kind].append(score)
        if page.kind == "article":
            language = "other" if page.language else "unknown"
            by_language["English" if page.language == "en" else language].append(score.f1)
    wcxb = [score for page in pages if (score := results[page.name].wcxb) is not None]
    welcome = [score for page in pages if (score := results[page.name].wcxb_welcome) is not None]
    names = sorted(quality, key=quality.__getitem__)
    eighths = [
        [
            round(float(np.mean([value(name) for name in part])), 3)
            for value in (quality.__getitem__, lambda n: results[n].f1)
        ]
        for part in np.array_split(np.array(names), 8)
    ]
    deciles = [
        [
            round(float(value), 3)
            for value in (
                np.mean([quality[name] for name in part]),
                np.mean([results[name].f1 for name in part]),
                np.mean([abs(quality[name] - results[name].f1) for name in part]),
            )
        ]
        for part in np.array_split(np.array([name for name in names if results[name].reading is not None]), 10)
    ]
    predicted, f1 = np.array([quality[name] for name in names]), np.array([results[name].f1 for name in names])
    figures = {
        "reading": {kind: reading_score.means(scores) for kind, scores in by_kind.items()},
        "articles_by_language": {
            name: [len(scores), round(statistics.mean(scores), 4)] for name, scores in sorted(by_language.items())
        },
        "wcxb": round(statistics.mean(wcxb), 4) if wcxb else None,
        "wcxb_welcome": round(statistics.mean(welcome), 4) if welcome else None,
        "quality": {
            "correlation": round(float(np.corrcoef(predicted, f1)[0, 1]), 3),
            "mean_absolute_error": round(float(np.abs(predicted - f1).mean()), 3),
            "eighths": eighths,
            "deciles_of_reading": deciles,
        },
    }
    print(json.dumps(figures, indent=1))
    return figures


if __name__ == "__main__":
    main()
