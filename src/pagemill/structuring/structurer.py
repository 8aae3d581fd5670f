"""Makes structured JSON and a summary of a page's content, on the worker's event loop.

What reads the page runs where extraction does (`tasks`); the language model is asked from here. An error never fails
the page: it becomes the JSON's own failure.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

import orjson
import structlog

from pagemill.errors import ModelTimeoutError, PageError, StructuringError
from pagemill.structuring import generated_json
from pagemill.structuring.markup import overview
from pagemill.structuring.model.extractor import ModelExtractor
from pagemill.structuring.model.language_model import LanguageModel
from pagemill.structuring.model.prompt import Chunk
from pagemill.structuring.schema import Violation
from pagemill.structuring.selectors.store import LearningLocks
from pagemill.structuring.selectors.template import is_similar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pagemill.model import JsonObject
    from pagemill.settings import Settings
    from pagemill.structuring.selectors.store import LearnedSelectors, SelectorKey

log = structlog.get_logger(__name__)

_DEADLINE_MARGIN = 2.0
"""Seconds of a page's deadline that are left for storing what there is."""
_MAX_TEMPLATES = 8


class PageReader(Protocol):
    """Runs `tasks` in an extraction process."""

    async def structure(self, request: JsonObject, bodies: Mapping[str, bytes]) -> dict[str, Any]:
        """Return the answer's values. Raises a subclass of errors.PageError."""


@dataclass(frozen=True, slots=True)
class StructuringRequest:
    """What is wanted of one page."""

    url: str
    json: bool
    schema: str | None
    """The JSON text of a checked schema, or None."""
    summary: bool
    deadline: float
    """In the event loop's time."""

    @property
    def selector_key(self) -> SelectorKey:
        """Under what learned selectors are kept."""
        text = orjson.dumps(orjson.loads(self.schema or "null"), option=orjson.OPT_SORT_KEYS)
        return urlsplit(self.url).netloc.lower(), hashlib.sha256(text).digest()


@dataclass(frozen=True, slots=True)
class TrainingPage:
    """What selectors are learned from: the model's data, the elements that may hold it, and the page's template."""

    data: Any
    candidates: JsonObject | None
    template: list[int]


class Structurer:
    """Makes structured JSON and summaries of pages. One for each process."""

    def __init__(self, settings: Settings, reader: PageReader, learned: LearnedSelectors) -> None:
        self._settings = settings
        self._reader = reader
        self._learned = learned
        self._locks = LearningLocks(learned)
        has_model = settings.structuring.llm_base_url is not None and settings.structuring.llm_model is not None
        self.model = LanguageModel(settings) if has_model else None
        self._extractor = ModelExtractor(self.model) if self.model is not None else None

    async def aclose(self) -> None:
        """Close the connections to the model."""
        if self.model is not None:
            await self.model.aclose()

    async def make(self, request: StructuringRequest, bodies: Mapping[str, bytes]) -> dict[str, Any]:
        """Return `json` and `summary` with `summary_source` where they are wanted.

        `bodies` are the page's `html`, `markdown` and `metadata`, packed as in `pagemill.bodies`. What cannot be made
        in time, or at all, is a failed JSON, or no summary.
        """
        result: dict[str, Any] = {}
        try:
            async with asyncio.timeout_at(request.deadline - _DEADLINE_MARGIN):
                await self._make(request, bodies, result)
        except (TimeoutError, PageError) as error:
            log.warning("structuring failed", url=request.url, error=getattr(error, "code", "timeout"))
            late = isinstance(error, TimeoutError)
            message = "The page's time was up." if late else "What the page says could not be read."
            failure = ModelTimeoutError(message) if late else StructuringError(message)
            if request.json:
                result.setdefault("json", generated_json.failed(failure))
        return result

    async def _make(self, request: StructuringRequest, bodies: Mapping[str, bytes], result: dict[str, Any]) -> None:
        if not (request.json and request.schema and self._extractor):
            await self._extract(request, bodies, result, [])
            return
        key = request.selector_key
        learned = await self._learned.get(*key)
        if learned and await self._apply_learned(request, bodies, result, learned):
            return
        # While one page is learned from, others of its kind wait: most likely they then need no model.
        async with self._locks.in_process(key):
            if not self._locks.is_skipping(key):
                async with self._locks.across_processes(key) as learned:
                    await self._extract(request, bodies, result, learned, learn=True)
                return
        self._locks.count_skipped(key)
        await self._extract(request, bodies, result, [])

    async def _apply_learned(
        self,
        request: StructuringRequest,
        bodies: Mapping[str, bytes],
        result: dict[str, Any],
        learned: list[JsonObject],
    ) -> bool:
        answer = await self._reader.structure(self._task(request, learned), bodies)
        if "json" not in answer:
            return False
        model_input = answer.pop("model_input", None)
        result.update(answer)
        if model_input is not None:
            result.update(await self._summarize(request, model_input))
        return True

    def _task(self, request: StructuringRequest, learned: list[JsonObject]) -> JsonObject:
        return {
            "task": "extract",
            "url": request.url,
            "json": request.json,
            "schema": request.schema,
            "summary": request.summary,
            "model": self.model is not None,
            "strict": self._settings.structuring.json_strict,
            "chunk_tokens": self._settings.structuring.llm_max_page_tokens,
            "max_chunks": self._settings.structuring.llm_max_parts,
            "learned": learned,
        }

    async def _extract(
        self,
        request: StructuringRequest,
        bodies: Mapping[str, bytes],
        result: dict[str, Any],
        learned: list[JsonObject],
        *,
        learn: bool = False,
    ) -> None:
        answer = await self._reader.structure(self._task(request, learned), bodies)
        model_input = answer.pop("model_input", None)
        result.update(answer)
        if model_input is None:
            return
        training_page = None
        if request.json and "json" not in result:
            try:
                result["json"], training_page = await self._ask(request, bodies, model_input, learn=learn)
            except StructuringError as error:
                log.warning("the language model gave no data", url=request.url, error=error.code)
                result["json"] = generated_json.failed(error)
        if request.summary:
            result.update(await self._summarize(request, model_input))
        if training_page is not None:
            await self._learn(request, bodies, training_page, learned)

    # With the model

    def _require_model(self) -> ModelExtractor:
        if self._extractor is None:
            raise StructuringError("No language model is set up.")
        return self._extractor

    async def _ask(
        self, request: StructuringRequest, bodies: Mapping[str, bytes], model_input: JsonObject, *, learn: bool
    ) -> tuple[JsonObject, TrainingPage | None]:
        """Return the JSON that the model makes of a page, and with `learn` what selectors are learned from."""
        schema = orjson.loads(request.schema) if request.schema else overview.SCHEMA
        task = {
            "task": "ground",
            "url": request.url,
            "schema": request.schema,
            "strict": self._settings.structuring.json_strict,
            "learn": learn,
        }

        async def check(data: Any) -> tuple[dict[str, Any], list[Violation]]:
            checked = await self._reader.structure({**task, "data": data}, bodies)
            return checked, [Violation(*violation) for violation in checked.get("violations", [])]

        chunks, hints = _chunks(request, model_input), model_input["hints"]
        data, checked = await self._require_model().extract(chunks, schema, hints, check)
        result: JsonObject = checked["json"]
        if model_input["truncated"]:
            result["truncated"] = True
        return result, TrainingPage(data, checked.get("candidates"), model_input["template"]) if learn else None

    async def _summarize(self, request: StructuringRequest, model_input: JsonObject) -> dict[str, Any]:
        """A summary of the page's first chunk by the model; nothing where that fails."""
        try:
            text = await self._require_model().summarize(_chunks(request, model_input)[0])
        except StructuringError as error:
            log.warning("the language model gave no summary", url=request.url, error=error.code)
            return {}
        return {"summary": text, "summary_source": "model"}

    # Learning

    async def _learn(
        self,
        request: StructuringRequest,
        bodies: Mapping[str, bytes],
        training_page: TrainingPage,
        learned: list[JsonObject],
    ) -> None:
        """Learn selectors from a page that the model has read, and keep them with those of other templates."""
        key = request.selector_key
        selectors = await self._make_selectors(request, bodies, training_page)
        if selectors is None:
            self._locks.skip_next(key)
            return
        others = [other for other in learned if not is_similar(other["template"], training_page.template)]
        await self._learned.put(*key, [selectors, *others][:_MAX_TEMPLATES])

    async def _make_selectors(
        self, request: StructuringRequest, bodies: Mapping[str, bytes], training_page: TrainingPage
    ) -> JsonObject | None:
        """Selectors of the model's choice that give its own answer of this page; None where none do."""
        if training_page.candidates is None:
            return None
        task = {
            "task": "learn",
            "url": request.url,
            "schema": request.schema,
            "data": training_page.data,
            "candidates": training_page.candidates,
            "choice": await self._require_model().choose_selectors(training_page.candidates["fields"], request.url),
        }
        learned: JsonObject | None = (await self._reader.structure(task, bodies)).get("learned")
        return learned


def _chunks(request: StructuringRequest, model_input: JsonObject) -> list[Chunk]:
    texts = model_input["chunks"]
    return [Chunk(request.url, model_input["title"], text, number, len(texts)) for number, text in enumerate(texts, 1)]
