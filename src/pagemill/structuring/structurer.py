"""Makes structured JSON and a summary of a page's content, on the worker's event loop.

What reads the page runs where extraction does (`tasks`); the language model is asked from here. An error never fails
the page: it becomes the JSON's own failure.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

import orjson
import structlog

from pagemill.errors import ModelAnswerError, ModelTimeoutError, PageError, StructuringError
from pagemill.extraction.choosing.template import is_similar
from pagemill.structuring import generated_json
from pagemill.structuring.markup import overview
from pagemill.structuring.model.extractor import ModelExtractor
from pagemill.structuring.model.language_model import LanguageModel
from pagemill.structuring.model.prompt import Chunk
from pagemill.structuring.selectors.store import LearningLocks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pagemill.model import JsonObject
    from pagemill.settings import Settings
    from pagemill.structuring.selectors.store import LearnedSelectors, SelectorKey

log = structlog.get_logger(__name__)

_DEADLINE_MARGIN = 2.0
"""Seconds of a page's deadline that are left for storing what there is."""
_MAX_TEMPLATES = 8
_UNREADABLE = "The language model's answer could not be read."


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
    api_key_id: str = ""
    """Whose page it is. Selectors learned of one key's pages are used for that key alone."""
    is_private: bool = False
    """Whether the page was fetched with cookies or headers of the request's own. Nothing is learned from it."""

    @property
    def selector_key(self) -> SelectorKey:
        """Under what learned selectors are kept."""
        text = orjson.dumps([self.api_key_id, orjson.loads(self.schema or "null")], option=orjson.OPT_SORT_KEYS)
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
        self._settings = settings.structuring
        self._reader = reader
        self._learned = learned
        self._locks = LearningLocks(learned)
        has_model = self._settings.llm_base_url is not None and self._settings.llm_model is not None
        self.model = LanguageModel(settings) if has_model else None
        self.at_model: Counter[str] = Counter()
        """How many pages of each API key are structured with the model now: nearly all of that is waiting for it."""
        self._extractor = ModelExtractor(self.model) if self.model is not None else None

    async def aclose(self) -> None:
        """Close the connections to the model."""
        if self.model is not None:
            await self.model.aclose()

    async def make(self, request: StructuringRequest, bodies: Mapping[str, bytes]) -> dict[str, Any]:
        """Return `json` and `summary` with `summary_source` where they are wanted. Raises nothing.

        `bodies` are the page's `html`, `markdown` and `metadata`, packed as in `pagemill.bodies`. What cannot be made
        in time, or at all, is a failed JSON, or no summary.
        """
        result: dict[str, Any] = {}
        failure: StructuringError = StructuringError("What the page says could not be read.")
        if self.model is not None:
            self.at_model[request.api_key_id] += 1
        try:
            async with asyncio.timeout_at(request.deadline - _DEADLINE_MARGIN):
                await self._make(request, bodies, result)
        except TimeoutError:
            log.warning("structuring took too long", url=request.url)
            failure = ModelTimeoutError("The page's time was up.")
        except PageError as error:
            log.warning("structuring failed", url=request.url, error=error.code)
        except Exception:  # the page is scraped; no error here may lose it
            log.exception("structuring failed by a fault of ours", url=request.url)
        finally:
            self.at_model = +(self.at_model - Counter([request.api_key_id]))
        if request.json:
            result.setdefault("json", generated_json.failed(failure))
        return result

    async def _make(self, request: StructuringRequest, bodies: Mapping[str, bytes], result: dict[str, Any]) -> None:
        if not (request.json and request.schema and self._extractor):
            await self._extract(request, bodies, result, [])
            return
        key = request.selector_key
        learned = await self._get_learned(key)
        if learned and await self._apply_learned(request, bodies, result, learned):
            return
        if request.is_private:
            await self._extract(request, bodies, result, [])
            return
        # While one page is learned from, others of its kind wait: most likely they then need no model.
        async with self._locks.in_process(key):
            if not self._locks.is_skipping(key):
                async with self._locks.across_processes(key) as learned:
                    await self._extract(request, bodies, result, learned, learn=True)
                return
        self._locks.count_skipped(key)
        await self._extract(request, bodies, result, [])

    async def _get_learned(self, key: SelectorKey) -> list[JsonObject]:
        try:
            return await self._learned.get(*key)
        except Exception:  # without them the model reads the page
            log.exception("learned selectors could not be read")
            return []

    async def _apply_learned(
        self,
        request: StructuringRequest,
        bodies: Mapping[str, bytes],
        result: dict[str, Any],
        learned: list[JsonObject],
    ) -> bool:
        try:
            answer = await self._reader.structure(self._task(request, learned), bodies)
        except PageError as error:
            log.warning("learned selectors failed", url=request.url, error=error.code)
            return False
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
            "strict": self._settings.json_strict,
            "chunk_tokens": self._settings.llm_max_page_tokens,
            "max_chunks": self._settings.llm_max_parts,
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
        answer = await self._read(request, bodies, learned)
        model_input = answer.pop("model_input", None)
        result.update(answer)
        if model_input is None:
            return
        training_page = None
        if request.json and "json" not in result:
            result["json"], training_page = await self._ask(request, bodies, model_input, learn=learn)
        if request.summary:
            result.update(await self._summarize(request, model_input))
        if training_page is not None:
            await self._learn(request, bodies, training_page, learned)

    async def _read(
        self, request: StructuringRequest, bodies: Mapping[str, bytes], learned: list[JsonObject]
    ) -> JsonObject:
        """What the page says without a model, or the model's input. Where that fails, the summary is made alone."""
        task = self._task(request, learned)
        try:
            return await self._reader.structure(task, bodies)
        except PageError as error:
            if not (request.json and request.summary):
                raise
            log.warning("structuring failed", url=request.url, error=error.code)
        failed = generated_json.failed(StructuringError("What the page says could not be read."))
        return {"json": failed, **await self._reader.structure({**task, "json": False}, bodies)}

    # With the model

    def _require_model(self) -> ModelExtractor:
        if self._extractor is None:
            raise StructuringError("No language model is set up.")
        return self._extractor

    async def _ask(
        self, request: StructuringRequest, bodies: Mapping[str, bytes], model_input: JsonObject, *, learn: bool
    ) -> tuple[JsonObject, TrainingPage | None]:
        """Return the JSON that the model makes of a page, and with `learn` what selectors are learned from."""
        try:
            checked = await self._ask_model(request, bodies, model_input, learn=learn)
        except StructuringError as error:
            log.warning("the language model gave no data", url=request.url, error=error.code)
            return generated_json.failed(error), None
        except TimeoutError:
            raise
        except Exception:  # whatever the model says, only the JSON fails
            log.exception("the language model's answer could not be read", url=request.url)
            return generated_json.failed(ModelAnswerError(_UNREADABLE)), None
        result: JsonObject = checked["json"]
        if model_input["truncated"]:
            result["truncated"] = True
        if not learn:
            return result, None
        return result, TrainingPage(checked.get("data"), checked.get("candidates"), model_input["template"])

    async def _ask_model(
        self, request: StructuringRequest, bodies: Mapping[str, bytes], model_input: JsonObject, *, learn: bool
    ) -> JsonObject:
        task = {
            "task": "ground",
            "url": request.url,
            "schema": request.schema,
            "strict": self._settings.json_strict,
            "learn": learn,
        }

        async def check(answers: list[str], last: bool) -> dict[str, Any]:
            return await self._reader.structure({**task, "answers": answers, "last": last}, bodies)

        schema = orjson.loads(request.schema) if request.schema else overview.SCHEMA
        chunks = _chunks(request, model_input)
        return await self._require_model().extract(chunks, schema, model_input["hints"], check)

    async def _summarize(self, request: StructuringRequest, model_input: JsonObject) -> dict[str, Any]:
        """A summary of the page's first chunk by the model; nothing where that fails."""
        try:
            text = await self._require_model().summarize(_chunks(request, model_input)[0])
        except StructuringError as error:
            log.warning("the language model gave no summary", url=request.url, error=error.code)
            return {}
        except TimeoutError:
            raise
        except Exception:  # whatever the model says, only its summary fails
            log.exception("the language model's summary could not be read", url=request.url)
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
