"""What a language model answers, read as JSON or as plain text, without its reasoning.

Models answer with reasoning, prose or code fences around the JSON, and with JSON that is not quite valid. `read_json`
runs where extraction does, since repairing takes time.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import orjson

from pagemill.errors import ModelAnswerError

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAMES = r"think|thinking|thought|thoughts|reasoning|reasoning_process|reflection|analysis|scratchpad|seed:think"
_OPENING = rf"<(?:{_NAMES})>|\[THINK\]|◁think▷|<\|begin_of_thought\|>|<\|?(?:unused94|START_THINKING)\|?>"
_CLOSING = rf"</(?:{_NAMES})>|\[/THINK\]|◁/think▷|<\|end_of_thought\|>|<\|?(?:unused95|END_THINKING)\|?>"
_REASONING_END = re.compile(_CLOSING, re.IGNORECASE)
_REASONING_START = re.compile(_OPENING, re.IGNORECASE)
# The channels of the harmony format: only the final one is the answer.
_CHANNEL = re.compile(r"<\|channel\|>\s*(\w+)[^<]{0,100}(?:<\|\w+\|>[^<]{0,100})?<\|message\|>")
_SPECIAL_TOKEN = re.compile(
    r"<\|(?:start|end|return|message|channel|im_start|im_end|eot_id|endoftext|begin_of_solution|end_of_solution)\|>"
    r"|<\|?(?:START_RESPONSE|END_RESPONSE)\|>|</?(?:answer|final_answer|response|output|solution)>",
    re.IGNORECASE,
)
_CODE_FENCE = re.compile(r"^[ \t]*```[ \t]*[\w+-]*[ \t]*\n(.*?)\n?[ \t]*```[ \t]*$", re.DOTALL | re.MULTILINE)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_MAX_REPAIRED_LENGTH = 200_000
_MAX_SCANNED = 200
_MAX_DEPTH = 64
_MAX_DIGITS = 1000


def read_text(answer: str) -> str:
    """Return a plain text answer on one line, without reasoning and control characters.

    Raises errors.ModelAnswerError where nothing is left.
    """
    text = " ".join(_CONTROL.sub("", without_reasoning(answer)).split())
    if not text:
        raise ModelAnswerError("The language model's answer holds nothing but its reasoning.")
    return text


def without_reasoning(answer: str) -> str:
    """Return an answer without the model's reasoning, also where it lacks the beginning or the end of it."""
    if channels := list(_CHANNEL.finditer(answer)):
        final = [channel for channel in channels if channel[1] == "final"]
        answer = answer[final[-1].end() :] if final else ""
    # What comes before the end of the reasoning belongs to it, whether or not its beginning is there.
    end = max((match.end() for match in _REASONING_END.finditer(answer)), default=0)
    answer = answer[end:]
    if start := _REASONING_START.search(answer):
        answer = answer[: start.start()]
    return _SPECIAL_TOKEN.sub(" ", answer).strip()


def read_json(answer: str) -> Any:
    """Return the JSON of an answer: bare, in a code fence, or in prose; repaired where it is not quite valid.

    Raises errors.ModelAnswerError.
    """
    return _storable(_find_json(answer), 0)


def _storable(value: Any, depth: int) -> Any:
    """A value as JSON can hold it: no integers over 64 bits, no lone surrogates, nothing nested too deeply."""
    if depth > _MAX_DEPTH:
        raise ModelAnswerError("The language model's answer is nested too deeply.")
    if isinstance(value, dict):
        return {_storable(str(key), depth): _storable(part, depth + 1) for key, part in value.items()}
    if isinstance(value, list):
        return [_storable(part, depth + 1) for part in value]
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, int) and abs(value) >= 2**63:
        return str(value) if abs(value) < 10**_MAX_DIGITS else None
    return value


def _find_json(answer: str) -> Any:
    for text in dict.fromkeys((answer, without_reasoning(answer))):
        found = _parse(text)
        if found is not None:
            return found
    text = without_reasoning(answer)
    fenced = [match[1] for match in _CODE_FENCE.finditer(text)]
    for source in (*reversed(fenced), text):
        if (found := _longest(source)) is not None:
            return found
    for source in (*reversed(fenced), text):
        if (found := _repaired(source)) is not None:
            return found
    raise ModelAnswerError("The language model's answer is no JSON.")


def _parse(text: str) -> Any:
    try:
        return orjson.loads(text.encode("utf-8", "replace"))
    except orjson.JSONDecodeError:
        return None


def _longest(text: str) -> Any:
    """The longest valid object or list in a text. Raw line breaks in strings are allowed.

    None where one begins that is not valid: what is inside it would not be the whole answer.
    """
    decoder = json.JSONDecoder(strict=False)
    found: tuple[int, Any] | None = None
    for start in _openings(text):
        if found is not None and start < found[0]:
            continue
        try:
            value, end = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            if re.match(r"\{\s*[\"'}]|\[\s*[\[{\"\d]", text[start : start + 200]):
                return None if found is None else found[1]
            continue
        if value and (found is None or len(repr(value)) > len(repr(found[1]))):
            found = end, value
    return found[1] if found is not None else None


def _openings(text: str) -> Iterator[int]:
    for number, match in enumerate(re.finditer(r"[{\[]", text)):
        if number >= _MAX_SCANNED:
            return
        yield match.start()


def _repaired(text: str) -> Any:
    """What a text from its first bracket to the last one says, with trailing commas, comments and quotes mended."""
    start = re.search(r"\{\s*[\"'“”\w/#}]|\[\s*[\[{\"'\d\w/#]", text)
    end = max(text.rfind("}"), text.rfind("]"))
    if start is None or end < start.start() or end - start.start() > _MAX_REPAIRED_LENGTH:
        return None
    import json_repair

    try:
        found = json_repair.loads(text[start.start() : end + 1])
    except (ValueError, RecursionError):
        return None
    if isinstance(found, list) and start[0].startswith("{"):  # several values, or prose with brackets after the object
        found = max((value for value in found if isinstance(value, dict)), key=len, default=None)
    return found if isinstance(found, dict | list) and found else None
