from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pagemill.extraction.choosing.model import classifier
from pagemill.extraction.choosing.model.trees import LEAVES, Trees

LIMIT = 1_000_000  # bytes of package data
IDLE = 60_000_000  # bytes of memory of a process that waits for pages

IDLE_PROGRAM = """
import psutil, sys
from pagemill.extraction import extract
extract(b"<p>Hello world, this is a page.</p>", "https://example.org/")
assert not {"lightgbm", "sklearn", "scipy"} & set(sys.modules)
print(psutil.Process().memory_info().rss)
"""


def test_the_model_is_small_and_whole():
    model = classifier.load()
    assert Path(classifier.__file__).with_name(classifier.MODEL).stat().st_size < LIMIT
    assert len(model.features) == len(set(model.features)) > 100
    assert max(model.first_stage.feature.max(), model.second_stage.feature.max()) < len(model.features)
    names = model.lexicon.class_names
    assert len(names.words) == names.weights.shape[1] > 1000
    for phrases in (model.lexicon.phrases, model.lexicon.heading_phrases):
        assert len(phrases.tokens) == len(phrases.weights) > 100
    assert set(model.role_forests) == set(classifier.ROLES)


def test_what_is_written_is_read_back(tmp_path):
    model = classifier.load()
    classifier.write(tmp_path / "model.npz", model)
    again = classifier.read(tmp_path / "model.npz")
    assert again.features == model.features
    assert again.lexicon.class_names.words == model.lexicon.class_names.words
    np.testing.assert_array_equal(again.lexicon.class_names.weights, model.lexicon.class_names.weights)
    assert again.lexicon.phrases.tokens == model.lexicon.phrases.tokens
    np.testing.assert_array_equal(again.lexicon.phrases.weights, model.lexicon.phrases.weights)
    features = np.random.default_rng(0).random((len(model.features), 50), np.float32) * 10
    np.testing.assert_array_equal(again.log_odds(features), model.log_odds(features))
    for role in classifier.ROLES:
        np.testing.assert_array_equal(again.role_log_odds(role, features), model.role_log_odds(role, features))


def test_further_forests_are_asked_where_the_first_is_unsure():
    """Blocks with the one feature 0 to 3, of which the first forest says -5, -1, 1 and 5, the others 8 more."""
    first = np.array([-5.0, -1, 1, 5])
    forest = Trees(
        np.zeros((3, 1), np.int32),
        np.array([[0.5], [1.5], [2.5]], np.float32),
        np.array([[1], [2], [4]], np.uint16),
        np.zeros((1, LEAVES), np.float32),
    )
    forest.value[0, :4] = first
    further = replace(forest, value=forest.value + 8)
    model = replace(classifier.load(), first_stage=forest, second_stage=further)
    share = classifier.SECOND_STAGE_FORESTS / (1 + classifier.SECOND_STAGE_FORESTS)
    odds = model.log_odds(np.arange(4, dtype=np.float32)[None, :])
    assert odds.tolist() == pytest.approx([-5, -1 + 8 * share, 1 + 8 * share, 5])


def test_log_odds_are_finite_and_quality_from_0_to_1():
    model = classifier.load()
    features = np.random.default_rng(1).normal(0, 1000, (len(model.features), 200)).astype(np.float32)
    assert np.isfinite(model.log_odds(features)).all()
    assert 0 <= model.quality(features[:100, 0]) <= 1


def test_an_idle_process_is_small_and_needs_no_training_library():
    done = subprocess.run([sys.executable, "-c", IDLE_PROGRAM], capture_output=True, text=True, check=True)
    assert int(done.stdout) < IDLE
