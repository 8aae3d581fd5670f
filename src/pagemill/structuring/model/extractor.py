"""Asks the language model for a page's data, checks the answer, and asks once more where it does not fit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import orjson

from pagemill.errors import ModelAnswerError, StructuringError
from pagemill.structuring.model import answers, merging, prompt
from pagemill.structuring.schema import Violation, relaxed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pagemill.model import JsonObject
    from pagemill.structuring.model.language_model import LanguageModel
    from pagemill.structuring.model.prompt import Chunk, Messages

Checked = tuple[Any, dict[str, Any]]
"""Data, and the answer of its check."""
Check = Callable[[Any], Awaitable[tuple[dict[str, Any], list[Violation]]]]
"""Checks data against the schema and the page."""


class ModelExtractor:
    """Makes data and summaries of pages with a language model."""

    def __init__(self, model: LanguageModel) -> None:
        self._model = model

    async def extract(self, chunks: Sequence[Chunk], schema: JsonObject, hints: str, check: Check) -> Checked:
        """Return the data of a page and the answer of its check. The data of several chunks is merged.

        Raises errors.StructuringError.
        """
        if len(chunks) == 1:
            return await self._ask_valid(prompt.extraction(chunks[0], schema, hints), schema, check)
        part_schema = relaxed(schema)
        messages = [prompt.extraction(chunk, part_schema, hints) for chunk in chunks]
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._ask_chunk(one, part_schema)) for one in messages]
        results = [task.result() for task in tasks]
        for result in results:
            if isinstance(result, StructuringError):
                raise result
        data = merging.merge(results)
        checked, violations = await check(data)
        if not violations:
            return data, checked
        return await self._repair(messages[0], orjson.dumps(data).decode(), violations, schema, check)

    async def summarize(self, chunk: Chunk) -> str:
        """Return a summary. Raises errors.StructuringError."""
        return answers.read_text(await self._model.answer(prompt.summary(chunk)))

    async def choose_selectors(self, candidates: JsonObject, url: str) -> Any:
        """Return the model's choice among the candidates of each property; `{}` where it makes none."""
        try:
            return answers.read_json(await self._model.answer(prompt.selectors(candidates, url)))
        except StructuringError:
            return {}

    async def _ask_chunk(self, messages: Messages, schema: JsonObject) -> Any:
        """The data of one chunk, or the error: a task that raises would end the others."""
        try:
            return answers.read_json(await self._model.answer(messages, schema))
        except StructuringError as error:
            return error

    async def _ask_valid(self, messages: Messages, schema: JsonObject, check: Check) -> Checked:
        answer = await self._model.answer(messages, schema)
        try:
            data = answers.read_json(answer)
        except ModelAnswerError as error:
            return await self._repair(messages, answer, [Violation("", error.message)], schema, check)
        checked, violations = await check(data)
        if not violations:
            return data, checked
        return await self._repair(messages, answer, violations, schema, check)

    async def _repair(
        self, messages: Messages, answer: str, violations: list[Violation], schema: JsonObject, check: Check
    ) -> Checked:
        data = answers.read_json(await self._model.answer(prompt.repair(messages, answer, violations), schema))
        checked, violations = await check(data)
        if violations:
            where = violations[0].pointer or "the top"
            raise ModelAnswerError(f"The language model's answer does not fit the schema, at {where}.")
        return data, checked
