"""Asks the language model for a page's data, has the answer checked, and asks once more where it does not fit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from pagemill.errors import ModelAnswerError, StructuringError
from pagemill.structuring.model import answers, prompt
from pagemill.structuring.schemas.schema import Violation, relaxed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pagemill.model import JsonObject
    from pagemill.structuring.model.language_model import LanguageModel
    from pagemill.structuring.model.prompt import Chunk, Prompt

Check = Callable[[list[str], bool], Awaitable[dict[str, Any]]]
"""Has answers checked (see `tasks`, `ground`), the last ones if it says so."""
_MAX_POINTER_LENGTH = 200


class ModelExtractor:
    """Makes data and summaries of pages with a language model."""

    def __init__(self, model: LanguageModel) -> None:
        self._model = model

    async def extract(self, chunks: Sequence[Chunk], schema: JsonObject, hints: str, check: Check) -> dict[str, Any]:
        """Return the checked data of a page: what `ground` answers, and `truncated` where a chunk gave nothing.

        Raises errors.StructuringError.
        """
        asked = schema if len(chunks) == 1 else relaxed(schema)
        prompts = [prompt.extraction(chunk, asked, hints) for chunk in chunks]
        texts = await self._ask_all(prompts, asked)
        checked = await check(texts, False)
        if "json" not in checked:
            checked = await self._repair(prompts[0], texts[0], checked, schema, check)
        if len(texts) < len(chunks) or checked.get("unreadable"):
            checked["json"]["truncated"] = True
        return checked

    async def summarize(self, chunk: Chunk) -> str:
        """Return a summary. Raises errors.StructuringError."""
        return answers.read_text(await self._model.answer(prompt.summary(chunk)))

    async def choose_selectors(self, candidates: JsonObject, url: str) -> str:
        """Return the model's choice among the candidates of each property as it wrote it; `{}` where it made none."""
        try:
            return await self._model.answer(prompt.selectors(candidates, url))
        except StructuringError:
            return "{}"

    async def _ask_all(self, prompts: Sequence[Prompt], schema: JsonObject) -> list[str]:
        """The answers to these prompts. Those that fail are left out unless all do."""
        results = await asyncio.gather(*(self._ask_quietly(one, schema) for one in prompts))
        texts = [result for result in results if isinstance(result, str)]
        if not texts:
            raise next(result for result in results if isinstance(result, StructuringError))
        return texts

    async def _ask_quietly(self, asked: Prompt, schema: JsonObject) -> str | StructuringError:
        try:
            return await self._model.answer(asked.messages, schema)
        except StructuringError as error:
            return error

    async def _repair(
        self, asked: Prompt, answer: str, checked: dict[str, Any], schema: JsonObject, check: Check
    ) -> dict[str, Any]:
        violations = [Violation(*violation) for violation in checked["violations"]]
        messages = prompt.repair(asked, checked.get("answer") or answer, violations)
        again = await check([await self._model.answer(messages, schema)], True)
        if "json" not in again:
            raise _failure(again)
        return again


def _failure(checked: dict[str, Any]) -> ModelAnswerError:
    pointer, message = checked["violations"][0]
    if checked.get("unreadable"):
        return ModelAnswerError(message)
    where = "".join(character for character in pointer if character.isprintable())[:_MAX_POINTER_LENGTH] or "the top"
    return ModelAnswerError(f"The language model's answer does not fit the schema, at {where}.")
