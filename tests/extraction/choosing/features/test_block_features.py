from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.extraction.flat import split

from pagemill.extraction.choosing.features import block_features
from pagemill.extraction.choosing.features.lexicon import Lexicon
from pagemill.extraction.choosing.features.phrases import PhraseModel
from pagemill.extraction.choosing.features.vocabulary import Vocabulary
from pagemill.extraction.choosing.model import classifier

NO_PHRASES = PhraseModel({}, np.zeros(0), bias=0)
NOTHING_KNOWN = Lexicon(Vocabulary({}, np.zeros((3, 0)), bias=0), NO_PHRASES, NO_PHRASES)
TITLES = ("A heading | Site",)
PROSE = "These are the many words of a paragraph that somebody wrote for others to read."
PAGE = f"""
<nav class="site-menu"><ul><li><a href=1>Home</a><li><a href=2>About us</a></ul></nav>
<main class="post-body"><h1>A heading</h1><p>{PROSE}</p><p>{PROSE} And more.</p><h2>Next</h2>
<p>{PROSE} So it ends!</p></main>
<div hidden><p>Not shown</p></div>
<footer><p>{PROSE} In the footer.</p></footer>
"""


def compute(html: str, weights: dict[str, tuple[float, float, float]] | None = None) -> block_features.Rows:
    weights = weights or {}
    words = {word: column for column, word in enumerate(weights)}
    vocabulary = Vocabulary(words, np.array([*weights.values()], np.float64).reshape(-1, 3).T, bias=0)
    flat = split(f"<body>{html}")
    hidden = np.array([element.attr("hidden") is not None for element in flat.elements], np.float64)
    lexicon = replace(NOTHING_KNOWN, class_names=vocabulary)
    return block_features.compute(flat, hidden, TITLES, lexicon).rows


def test_positions_of_blocks():
    rows = compute(PAGE, {"menu": (-1, -2, -4), "post": (1, 2, 4), "<footer": (0, 0, -9)})
    home, about, heading, first, second, sub, third, _, foot = range(9)
    assert rows["in_nav"].tolist() == [1, 1, 0, 0, 0, 0, 0, 0, 0]
    assert rows["in_footer"].tolist() == [0] * 8 + [1]
    assert rows["in_hidden"].tolist() == [0] * 7 + [1, 0]
    assert rows["link_density"][[home, about, first]].tolist() == [1, 1, 0]
    assert rows["container50_up"][[heading, first, third]].tolist() == [0, 0, 0]
    assert rows["container50_up"][foot] > 0
    assert rows["container50_side"].tolist() == [-2, -2, 0, 0, 0, 0, 0, 2, 2]
    assert rows["after_h1"].tolist() == [-2, -1, 0, 1, 2, 3, 4, 5, 6]
    assert rows["after_heading"][[first, second, sub, third]].tolist() == [1, 2, 0, 1]
    assert rows["class_log_odds_near"][[home, first]].tolist() == [-2, 2]
    assert rows["class_log_odds_path"][[home, first]].tolist() == [-4, 4]
    assert rows["class_log_odds"][[home, first, foot]].tolist() == [-6, 6, -9]
    assert rows["tag"][heading] == block_features.TAGS.index("h1")
    assert rows["earlier_copies"].tolist() == [0] * 9
    assert rows["outer_group_size"][[home, first]].tolist() == [0, 3]


def test_blocks_with_the_same_path_have_the_same_template_id():
    card = "<li class=card><b>Name</b><p class=price>1</p></li>"
    flat = split(f"<body><ul>{card * 3}</ul><p class=price>2</p>")
    hidden = np.zeros(len(flat.elements))
    template_ids = block_features.compute(flat, hidden, TITLES, NOTHING_KNOWN).template_ids.tolist()
    assert template_ids[0] == template_ids[2] == template_ids[4]
    assert template_ids[1] == template_ids[3] == template_ids[5]
    assert len(set(template_ids)) == 3


def test_nested_replies_have_the_same_local_template_id_at_any_depth():
    reply = "<div class=reply id=a{}><div class=text><p>words</p></div>{}</div>"
    flat = split(f"<div class=thread>{reply.format(1, reply.format(2, reply.format(3, reply.format(4, ''))))}</div>")
    found = block_features.compute(flat, np.zeros(len(flat.elements)), TITLES, NOTHING_KNOWN)
    assert len(set(found.template_ids.tolist())) == 4
    first, *others = found.local_template_ids.tolist()
    assert others == [others[0]] * 3 != [first] * 3


def test_a_short_text_and_the_heading_before_a_block_tell_of_it():
    phrases = PhraseModel({"share": 0}, np.array([-3.0]), bias=1.0)
    headings = PhraseModel({"=related stories": 0}, np.array([-5.0]), bias=0.5)
    flat = split("<h2>Related stories</h2><p>Share this</p><p>Text</p><h2>Next</h2><p>Text</p>")
    lexicon = replace(NOTHING_KNOWN, phrases=phrases, heading_phrases=headings)
    rows = block_features.compute(flat, np.zeros(len(flat.elements)), (), lexicon).rows
    assert rows["phrase"].tolist() == [1, -2, 1, 1, 1]
    assert rows["phrase_before"].tolist() == [0, 1, -2, 1, 1]
    assert rows["heading_phrase"].tolist() == [0, -4.5, -4.5, -4.5, 0.5]


def test_the_place_of_the_title_is_known():
    rows = compute(PAGE)
    assert rows["after_title"].tolist() == [-2, -1, 0, 1, 2, 3, 4, 5, 6]
    assert compute("<p>Other</p>")["after_title"].tolist() == [-999]


def test_a_wrapper_around_the_page_changes_no_depth():
    plain, wrapped = compute(PAGE), compute(f"<div>{PAGE}</div>")
    for name in ("container50_depth", "container80_depth", "container50_up", "container50_down"):
        assert plain[name].tolist() == wrapped[name].tolist()


def test_copies_are_counted():
    rows = compute("<p>read more</p><p>other</p><p>read  more</p>")
    assert rows["copies"].tolist() == [2, 1, 2]
    assert rows["earlier_copies"].tolist() == [0, 0, 1]


def test_the_model_reads_features_that_are_there():
    rows = compute(PAGE)
    assert set(classifier.load().features) <= set(rows)
    assert set(block_features.PAGE_FEATURES) <= set(rows)


@given(
    st.lists(
        st.sampled_from(
            ["<div class=a>", "<p>", "</div>", "<h1>", "<br><br>", "text. ", "<li>", "<a href=x>", "$5", "<img>"]
        ),
        min_size=1,
    )
)
def test_every_page_with_text_has_finite_features_of_one_length(parts):
    html = "".join(parts) + "<p>word"
    rows = compute(html)
    stacked = block_features.stack(rows, list(rows))
    assert stacked.shape == (len(rows), len(rows["words"]))
    assert np.isfinite(stacked).all()
