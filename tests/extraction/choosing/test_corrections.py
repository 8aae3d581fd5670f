"""Corrections, applied to pages that are built like the one that was corrected."""

from __future__ import annotations

from unittest.mock import Mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.extraction.flat import split
from tests.extraction.test_pipeline import ARTICLE, PROSE

from pagemill.extraction import extract
from pagemill.extraction.annotation.annotated_page import Choices, annotate
from pagemill.extraction.choosing import corrections
from pagemill.model import BlockRole, Correction, Format

URL = "https://example.org/blog/a-post"
NOTE = "The editors of the valley news thank the miller for his time and his flour on this cold day."


def page_of(*texts: str, number: int = 1, note: str = NOTE) -> str:
    """A page of one template. What differs from page to page differs."""
    paragraphs = "".join(f"<p>{text}</p>" for text in texts)
    return (
        ARTICLE.split("<main>")[0]
        + f'<main><article class="post post-{number} category-{"ab"[number % 2]} hentry" id="post-{number}">'
        + f'<h1>The mill {number}</h1><div class="text">{paragraphs}</div>'
        + f'<div class="note"><p>{note}</p></div></article></main>'
        + ARTICLE.split("</main>")[1]
    )


FIRST, SECOND = page_of(*PROSE), page_of(*PROSE[::-1], number=2, note=f"In 2031 {NOTE}")


def correction_of(
    html: str, beginning: str, role: BlockRole, *, of_text: bool = False, name: str = "cor_1"
) -> Correction:
    page = annotate(html.encode(), URL, Choices())
    assert page is not None
    block = next(block for block in page.blocks if " ".join(block.text.split()).startswith(beginning))
    assert block.path is not None
    return Correction(name, ("example.org",), tuple(page.template), block.path, block.digest if of_text else None, role)


def markdown(html: str, *given: Correction, **options) -> str:
    return extract(html.encode(), URL, given=given, formats={Format.MARKDOWN}, **options).markdown


def test_a_correction_counts_for_pages_that_are_built_alike():
    assert NOTE in markdown(FIRST)
    assert NOTE in markdown(SECOND)
    given = correction_of(FIRST, NOTE, BlockRole.JUNK)
    for html in (FIRST, SECOND):
        text = markdown(html, given)
        assert NOTE not in text
        assert all(part in text for part in PROSE)


def test_not_for_pages_that_are_built_otherwise():
    given = correction_of(FIRST, NOTE, BlockRole.JUNK)
    other = (
        f'<body class=shop><main class=list><section><div class="note"><p>{NOTE}</p></div></section></main>'
        + "".join(
            f"<ol class=o{index}><li class=i{index}>{text}</ol>" for index, text in zip("abc", PROSE, strict=True)
        )
    )
    assert markdown(other, given) == markdown(other)


def test_one_of_a_text_counts_for_that_text_alone():
    given = correction_of(FIRST, PROSE[1], BlockRole.JUNK, of_text=True)
    text = markdown(SECOND, given)
    assert PROSE[1] not in text
    assert PROSE[0] in text
    whole = correction_of(FIRST, PROSE[1], BlockRole.JUNK, name="cor_2")
    kept = correction_of(FIRST, PROSE[0], BlockRole.BODY, of_text=True)
    text = markdown(SECOND, kept, whole)
    assert PROSE[0] in text
    assert PROSE[1] not in text
    assert PROSE[2] not in text


@pytest.mark.parametrize("role", BlockRole)
def test_each_role_puts_a_block_where_it_belongs(role):
    lines = markdown(SECOND, correction_of(FIRST, NOTE, role)).strip().splitlines()
    found = [line for line in lines if NOTE[:40] in line]
    if role in (BlockRole.JUNK, BlockRole.COMMENTS):
        assert found == []
    elif role is BlockRole.TITLE:
        assert lines[0] == f"# {found[0].removeprefix('# ')}"
    elif role is BlockRole.META:
        assert lines.index(found[0]) < next(at for at, line in enumerate(lines) if line in PROSE)
    else:
        assert found
    annotated = annotate(SECOND.encode(), URL, Choices(given=(correction_of(FIRST, NOTE, role),)))
    [block] = [block for block in annotated.blocks if block.correction]
    assert (block.role, block.correction, block.rule) == (role, "cor_1", "correction")


def test_what_is_left_out_can_be_brought_back():
    assert "Most read" not in markdown(SECOND)
    assert "Most read" in markdown(SECOND, correction_of(FIRST, "Most read", BlockRole.BODY))


def test_comments_come_with_comments():
    given = correction_of(FIRST, NOTE, BlockRole.COMMENTS)
    assert NOTE in markdown(SECOND, given, include_comments=True)


def test_corrections_that_would_leave_nothing_are_not_applied():
    page = annotate(FIRST.encode(), URL, Choices())
    assert page is not None
    given = [
        Correction(str(number), (), tuple(page.template), block.path, None, BlockRole.JUNK)
        for number, block in enumerate(page.blocks)
        if block.path is not None
    ]
    assert markdown(FIRST, *given) == markdown(FIRST)


def test_of_two_the_last_one_counts():
    junk, body = (correction_of(FIRST, NOTE, role) for role in (BlockRole.JUNK, BlockRole.BODY))
    assert NOTE in markdown(SECOND, junk, body)
    assert NOTE not in markdown(SECOND, body, junk)


def test_paths_are_bounded():
    names = " ".join(f"name-{letter * 60}" for letter in "abcdefghij")
    deep = f'<div class="{names}" id="{"x" * 500}">' * 60 + "<p>text</p>"
    path = corrections.path_of(flat := split(f"<body>{deep}"), flat.owner[0])
    assert len(path) == corrections.MAX_LEVELS
    assert all(len(names) <= corrections.MAX_NAMES for _, names in path)
    assert all(len(name) <= corrections.MAX_NAME_LENGTH + 1 for _, names in path for name in names)


PATHS = st.lists(
    st.tuples(st.sampled_from(["p", "div", "body", "\0"]), st.lists(st.text(max_size=4), max_size=8).map(tuple)),
    max_size=14,
).map(tuple)
GIVEN = st.builds(
    Correction,
    id=st.just("x"),
    hosts=st.just(()),
    template=st.just(tuple(annotate(FIRST.encode(), URL, Choices()).template)),
    path=PATHS | st.sampled_from([block.path for block in annotate(FIRST.encode(), URL, Choices()).blocks]),
    text=st.none() | st.text(max_size=3),
    role=st.sampled_from(BlockRole),
)


@settings(max_examples=25)
@given(st.lists(GIVEN, max_size=30))
def test_whatever_corrections_there_are_a_page_has_text(given_corrections):
    assert markdown(SECOND, *given_corrections).strip()


def test_many_corrections_cost_little_on_a_long_page(monkeypatch):
    is_same = Mock(wraps=corrections._is_same)
    monkeypatch.setattr(corrections, "_is_same", is_same)
    flat = split("<main>" + "".join(f"<p class=x>Paragraph {'abc'[n % 3]}</p>" for n in range(300)) + "</main>")
    path = corrections.path_of(flat, flat.owner[0])
    texts = [corrections.text_digest(f"Paragraph {letter}") for letter in "bxyz"]
    other = (path[0], ("main", ("y",)), *path[2:])
    of_texts = [Correction(text, ("e.org",), (), path, text, BlockRole.JUNK) for text in texts]
    whole = [Correction("other", ("e.org",), (), other, None, BlockRole.JUNK)]
    found = corrections.find(flat, of_texts + whole)
    assert {block: given.id for block, given in found.items()} == dict.fromkeys(range(1, 300, 3), texts[0])
    assert is_same.call_count == 2  # one path of the page, two of corrections


def test_paths_that_all_differ_are_compared_up_to_a_number(monkeypatch):
    flat = split("<main>" + "".join(f"<p class={name}>Paragraph</p>" for name in "abcd") + "</main>")
    given = [
        Correction(str(block), ("e.org",), (), corrections.path_of(flat, owner), None, BlockRole.JUNK)
        for block, owner in enumerate(flat.owner)
    ]
    assert len(corrections.find(flat, given)) == 4
    monkeypatch.setattr(corrections, "MAX_COMPARISONS", 8)
    assert list(corrections.find(flat, given)) == [0, 1]
