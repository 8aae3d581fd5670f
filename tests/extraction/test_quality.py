"""How good extraction is on real pages. The model has seen them: this guards the pipeline, not the model."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest
import turbohtml

from pagemill.extraction import extract

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.shared
EVERY = 12


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def f1(found: list[str], truth: list[str]) -> float:
    if not found or not truth:
        return float(not found and not truth)
    return 2 * sum((Counter(found) & Counter(truth)).values()) / (len(found) + len(truth))


@pytest.fixture(scope="module")
def scores(shared_pages: Path) -> list[tuple[float, float]]:
    """The quality that extraction told of each page, and the word F1 of its cleaned HTML."""
    result = []
    for path in sorted((shared_pages / "ground-truth").glob("*.json"))[::EVERY]:
        record = json.loads(path.read_text())
        html = gzip.decompress((shared_pages / "html" / f"{path.stem}.html.gz").read_bytes())
        content = extract(html, record.get("url") or "")
        text = turbohtml.parse(content.cleaned_html).to_text()
        result.append((content.quality, f1(words(text), words(record["ground_truth"].get("main_content") or ""))))
    return result


def test_content_is_found(scores):
    assert np.mean([score for _, score in scores]) > 0.86


def test_quality_tells_good_from_bad(scores):
    quality, score = np.array(scores).T
    assert abs(quality.mean() - score.mean()) < 0.05
    assert np.corrcoef(quality, score)[0, 1] > 0.5
    worst = quality < np.quantile(quality, 0.2)
    assert score[worst].mean() + 0.15 < score[~worst].mean()
