from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from turbohtml import parse_fragment

from pagemill.extraction.postprocessing.token_estimate import tokens
from pagemill.extraction.postprocessing.truncation import truncate
from pagemill.model import MIN_TOKENS

GOLDEN = Path(__file__).parents[1] / "golden" / "pages"
NOTE = re.compile(r"\[Cut after \d+ of about \d+ tokens\.\]\n\Z")
WORDS = "lorem ipsum dolor sit amet consetetur sadipscing elitr "
CODE = "```python\n" + "".join(f"value_{number} = {number}\n\n" for number in range(60)) + "```\n"
TABLE = "| a | b |\n| --- | --- |\n" + "".join(f"| row {number} | value |\n" for number in range(60))
LIST = "".join(f"- item {number}\n  - below it\n" for number in range(60))

lines = st.text("ab `~|*_[]()>-#$\\\n01.。字", max_size=60)
pieces = st.one_of(
    st.sampled_from(["```\n", "~~~\n", "\n\n", "- a\n", "| a |\n", WORDS, "$$\n", "[1]: https://a.b/\n"]), lines
)
texts = st.one_of(st.text(max_size=3000), st.lists(pieces, max_size=120).map("".join))


@settings(max_examples=300)
@given(texts, st.integers(MIN_TOKENS, 400))
def test_any_text_stays_within_its_limit(text, limit):
    result = truncate(text, limit)
    assert tokens(result.text) <= limit
    if tokens(text) <= limit:
        assert (result.text, result.is_cut) == (text, False)
    else:
        assert result.is_cut
        assert NOTE.search(result.text)


@given(st.lists(st.text("abc def", min_size=1, max_size=80).filter(str.strip).map(str.strip), min_size=1, max_size=60))
def test_what_is_kept_are_the_first_blocks(blocks):
    text = "\n\n".join(blocks) + "\n"
    result = truncate(text, MIN_TOKENS)
    kept = NOTE.sub("", result.text).rstrip("\n").split("\n\n")
    if result.is_cut:
        whole = blocks[: len(kept) - 1]
        assert kept[:-1] == whole
        assert blocks[len(whole)].startswith(kept[-1])


def without_note(result):
    assert result.is_cut
    return NOTE.sub("", result.text).rstrip("\n") + "\n"


def test_a_code_block_is_closed():
    kept = without_note(truncate(CODE, 200))
    assert kept.startswith("```python\nvalue_0 = 0\n")
    assert kept.endswith("\n```\n")
    assert kept.count("```") == 2


@pytest.mark.parametrize("prefix", ["- ", "> ", "1. ", "> - "])
def test_a_code_block_in_another_block_is_closed_there(prefix):
    inner = re.sub(r"[^> ]", " ", prefix)
    text = "".join(prefix + line if number == 0 else inner + line for number, line in enumerate(CODE.splitlines(True)))
    html = MarkdownIt("commonmark").render(truncate(text, 200).text)
    assert html.count("<pre>") == 1
    assert "[Cut after" in html.partition("</pre>")[2]


def test_a_table_keeps_whole_rows():
    kept = without_note(truncate(TABLE, 200)).splitlines()
    assert len(kept) > 4
    assert kept == TABLE.splitlines()[: len(kept)]


def test_a_table_with_room_for_its_head_alone_is_left_out():
    kept = without_note(truncate("Text.\n\n" + "| a |\n| --- |\n| " + WORDS * 20 + "|\n", MIN_TOKENS))
    assert kept == "Text.\n"


def test_a_list_keeps_whole_items():
    kept = without_note(truncate(LIST, 200))
    assert LIST.startswith(kept)
    assert kept.endswith(("item\n", "it\n")) or kept.rstrip()[-1].isdigit()


def test_of_definitions_those_are_kept_that_are_used():
    text = "".join(f"Some text with [a link][{n}].\n\n" for n in range(60))
    text += "".join(f"[{n}]: https://example.org/{n}\n" for n in range(60))
    kept = without_note(truncate(text, 300))
    used = re.findall(r"\]\[(\d+)\]", kept)
    assert len(used) > 3
    assert re.findall(r"^\[(\d+)\]:", kept, re.MULTILINE) == used


def test_a_long_paragraph_is_cut_between_words_before_its_markup():
    kept = without_note(truncate("# Title\n\n" + WORDS * 100, 100))
    assert kept.startswith("# Title\n\nlorem ipsum")
    assert (WORDS * 100).startswith(kept.removeprefix("# Title\n\n").rstrip("\n") + " ")
    assert (
        without_note(truncate("# Title\n\nSome words and **" + WORDS * 100 + "**", 100))
        == "# Title\n\nSome words and\n"
    )


def test_a_long_paragraph_without_spaces_is_cut_too():
    text = "これは長い文章です。" * 100
    kept = without_note(truncate(text, 100)).rstrip("\n")
    assert len(kept) > 50
    assert text.startswith(kept)


def test_what_stands_before_counts():
    result = truncate(WORDS * 100, 100, before=WORDS)
    assert tokens(WORDS + result.text) <= 100


def text_of(markdown):
    html = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(markdown)
    return "".join(parse_fragment(html).text.split())


@pytest.mark.parametrize("file", sorted(GOLDEN.glob("*.md")), ids=lambda file: file.stem)
def test_what_is_kept_of_a_page_reads_as_its_beginning(file):
    page = file.read_text()
    whole = text_of(page)
    for limit in range(MIN_TOKENS, min(tokens(page), 1500), 60):
        result = truncate(page, limit)
        assert whole.startswith(text_of(NOTE.sub("", result.text)))
        assert "[Cut after" in MarkdownIt("commonmark").render(result.text).rpartition("<p>")[2]
