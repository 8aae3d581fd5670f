from __future__ import annotations

import numpy as np
import pytest
from tests.extraction.flat import split

from pagemill.extraction.choosing.rules import illustrations

PICTURE = '<figure><img src="/a.jpg"><figcaption>A bucket on a rope</figcaption></figure>'
TEXT = "<p>One two three four five six seven.</p>"
KATEX = '<span class="katex-display"><span class="katex"><span class="mord">q</span></span></span>'


def selected_texts(html: str, *selected: str) -> list[str]:
    """The texts of the blocks that are selected, if those that begin like `selected` are at first."""
    flat = split(html)
    texts = [""] * len(flat.owner)
    for block, text in zip(flat.text_block, flat.strings, strict=True):
        texts[block] += text
    words = np.array([float(len(text.split())) for text in texts])
    mask = np.array([text.strip().startswith(selected) for text in texts])
    return [text for text, is_in in zip(texts, illustrations.select(flat, mask, words), strict=True) if is_in]


@pytest.mark.parametrize("figure", [PICTURE, f"<div>{PICTURE}</div>", f"<div><div>{PICTURE}</div></div>"])
def test_a_caption_belongs_to_the_text_around_its_picture(figure):
    assert "A bucket on a rope" in selected_texts(f"<article>{TEXT}{figure}{TEXT}</article>", "One")


def test_a_caption_among_unselected_text_stays_out():
    page = f"<article>{TEXT}</article><aside><p>Seven other words stand right here, see.</p>{PICTURE}</aside>"
    assert selected_texts(page, "One") == ["One two three four five six seven."]


def test_a_teaser_is_no_caption():
    teaser = f"<div>{PICTURE}<h3>Another story that has nothing to do with it at all</h3></div>"
    assert "A bucket on a rope" not in selected_texts(f"<article>{TEXT}{teaser}{TEXT}</article>", "One")


@pytest.mark.parametrize("formula", [KATEX, f'<div class="math">{KATEX}</div>', '<div class="math">q = f</div>'])
def test_a_display_formula_belongs_to_the_text_around_it(formula):
    assert len(selected_texts(f"<article>{TEXT}{formula}{TEXT}</article>", "One")) == 3
