from __future__ import annotations

import time

import pytest

from pagemill.structuring.summary import without_model

TEXT = """# Bread

[Home](/) | [Shop](/shop)

**Flour**, water and [salt](https://a.example/salt) make bread. It takes time, e.g. a night. Then it is baked! Who does
not like it? Everybody does."""


def test_the_pages_own_description_comes_first():
    made = without_model(TEXT, "All about bread and how it has been made for ages.")
    assert (made.text, made.source) == ("All about bread and how it has been made for ages.", "description")


def test_else_its_first_sentences():
    made = without_model(TEXT, "Bread")
    assert made.source == "text"
    sentences = "Flour, water and salt make bread.", "It takes time, e.g. a night.", "Then it is baked!"
    assert made.text == " ".join([*sentences, "Who does not like it?"])


@pytest.mark.parametrize(("markdown", "text"), [("", ""), ("short", "short"), ("# Title alone", "Title alone")])
def test_a_page_that_says_little_is_summed_up_by_that(markdown, text):
    assert without_model(markdown, None).text == text


def test_a_wall_of_words_is_cut():
    assert 0 < len(without_model("word " * 5000, None).text) <= 800


@pytest.mark.parametrize("piece", ["[", "](", "[a](", "!", ". ", '."', "*", "a\n"])
def test_hostile_text_takes_no_longer_than_any(piece):
    begin = time.process_time()
    without_model(piece * 50_000, None)
    assert time.process_time() - begin < 2
