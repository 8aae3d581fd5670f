"""What a language model answers, read as JSON or as plain text."""

from __future__ import annotations

import re
from typing import Any

import orjson

from pagemill.errors import ModelAnswerError

_REASONING = re.compile(r"\s*<think>.*?</think>\s*", re.DOTALL)
_CODE_FENCE = re.compile(r"\s*```(?:json)?\s*\n(.*?)\n?\s*```\s*", re.DOTALL)


def read_text(answer: str) -> str:
    """Return a plain text answer on one line, without the model's reasoning."""
    return " ".join(_REASONING.sub("", answer).split())


def read_json(answer: str) -> Any:
    """Return the JSON of an answer: bare, in a code fence, or after the model's reasoning.

    Raises errors.ModelAnswerError.
    """
    text = _REASONING.sub("", answer).strip()
    if fenced := _CODE_FENCE.fullmatch(text):
        text = fenced[1]
    starts = [place for place in (text.find("{"), text.find("[")) if place >= 0]
    ends = [place for place in (text.rfind("}"), text.rfind("]")) if place >= 0]
    for piece in (text, text[min(starts) : max(ends) + 1] if starts and ends else ""):
        try:
            return orjson.loads(piece)
        except orjson.JSONDecodeError:
            continue
    raise ModelAnswerError("The language model's answer is no JSON.")
