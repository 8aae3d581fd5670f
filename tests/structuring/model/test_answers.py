from __future__ import annotations

import pytest

from pagemill.errors import ModelAnswerError
from pagemill.structuring.model.answers import read_json, read_text

ANSWERS = [
    '{"a": 1}',
    '```json\n{"a": 1}\n```',
    '```\n{"a": 1}\n```',
    '<think>{"a": 2}?</think>{"a": 1}',
    'Perhaps {"a": 2}.\n</think>\n\n{"a": 1}',
    '[THINK]{"a": 2}[/THINK]{"a": 1}',
    '◁think▷{"a": 2}◁/think▷{"a": 1}',
    '<reasoning>{"a": 2}</reasoning><answer>{"a": 1}</answer>',
    '<|channel|>analysis<|message|>{"a": 2}<|end|><|start|>assistant<|channel|>final<|message|>{"a": 1}',
    'Here it is: {"a": 1} Enjoy!',
    'The set {x} of [1] is:\n```json\n{"a": 1}\n```\nwhere {y} is left out.',
    '{"a": 1,}',
    '{"a": 1, // the first\n}',
    '{"a": 1 /* the first */}',
    "{'a': 1}",
    'Sure: {"a": 1,}\nSee [1].',
]


@pytest.mark.parametrize("answer", ANSWERS)
def test_json_is_read_out_of_an_answer(answer):
    assert read_json(answer) == {"a": 1}


def test_raw_line_breaks_in_texts_are_read():
    assert read_json('{"a": "two\nlines"}') == {"a": "two\nlines"}


def test_markers_in_valid_json_are_data():
    assert read_json('{"a": "</think>"}') == {"a": "</think>"}


def test_what_json_cannot_hold_is_made_to_fit():
    assert read_json('{"a": 123456789012345678901234567890, "b": "\\ud800"}')["a"] == "123456789012345678901234567890"


@pytest.mark.parametrize(
    "answer", ["", "none", '{"a": ', "} {", '<think>{"a": 1}', '<think>{"a": 1}</think>', "null", "[" * 100 + "]" * 100]
)
def test_an_answer_without_json_is_told(answer):
    with pytest.raises(ModelAnswerError):
        read_json(answer)


THOUGHTS = [
    "<think>They want two sentences.</think>A kettle.",
    "They want two sentences.\n</think>\nA kettle.",
    "<thinking>They want\ntwo sentences.</thinking>\nA kettle.",
    "A kettle.<think>They want two sentences.",
    "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>A kettle.<|return|>",
]


@pytest.mark.parametrize("answer", THOUGHTS)
def test_reasoning_is_never_shown(answer):
    assert read_text(answer) == "A kettle."


def test_control_characters_are_not_shown():
    assert read_text("A \x1b[31mkettle\x07.") == "A [31mkettle."


def test_reasoning_alone_is_no_answer():
    with pytest.raises(ModelAnswerError):
        read_text("<think>They want two sentences.")
