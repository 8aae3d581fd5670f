"""A page's content to structured JSON and a summary, on the worker's event loop.

What reads the page happens where extraction does (`tasks`); the language model is asked from here. A fault on the way
never fails the page: it becomes the JSON's own failure.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

import orjson
import structlog

from pagemill.errors import ModelAnswerError, ModelTimeoutError, PageError, StructuringError
from pagemill.structuring import generated_json
from pagemill.structuring.markup import overview
from pagemill.structuring.model import merging, prompt
from pagemill.structuring.model.language_model import LanguageModel
from pagemill.structuring.model.prompt import Part
from pagemill.structuring.schema import Fault, relaxed
from pagemill.structuring.selectors.template import alike as template_alike

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from pagemill.model import JsonObject
    from pagemill.settings import Settings
    from pagemill.structuring.model.prompt import Messages

log = structlog.get_logger(__name__)

Shelf = tuple[str, bytes]
"""A host and a schema's hash: under these, selectors are kept."""

_THOUGHTS = re.compile(r"\s*<think>.*?</think>\s*", re.DOTALL)
_FENCED = re.compile(r"\s*```(?:json)?\s*\n(.*?)\n?\s*```\s*", re.DOTALL)
_RESERVE = 2.0
"""Seconds kept of a page's deadline for writing down what there is."""
_REST = 20
"""Pages of one host and schema for which no learning is tried after it failed."""
_REMEMBERED = 1000
_MOST_LEARNED = 8
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 0.5


class PageReader(Protocol):
    """Carries `tasks` out in an extraction process."""

    async def structure(self, request: JsonObject, bodies: Mapping[str, bytes]) -> dict[str, Any]:
        """Return the answer's values. Raises a subclass of errors.PageError."""


class LearnedSelectors(Protocol):
    """Keeps learnt selectors by host and schema."""

    async def get(self, host: str, schema_hash: bytes) -> list[JsonObject]:
        """Return the learnt selectors of a host for a schema, those used last first."""

    async def put(self, host: str, schema_hash: bytes, learned: list[JsonObject]) -> None:
        """Replace them."""

    async def hold(self, host: str, schema_hash: bytes) -> bool:
        """Become the process that learns. False while another one is; one that died is none."""

    async def let_go(self, host: str, schema_hash: bytes) -> None:
        """Learn no more."""


class SelectorsInMemory:
    """Learnt selectors for as long as the process lives: for the command line, which has no database."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, bytes], list[JsonObject]] = {}

    async def get(self, host: str, schema_hash: bytes) -> list[JsonObject]:
        """See `LearnedSelectors`."""
        return self._kept.get((host, schema_hash), [])

    async def put(self, host: str, schema_hash: bytes, learned: list[JsonObject]) -> None:
        """See `LearnedSelectors`."""
        if len(self._kept) < _REMEMBERED or (host, schema_hash) in self._kept:
            self._kept[host, schema_hash] = learned

    async def hold(self, host: str, schema_hash: bytes) -> bool:  # noqa: ARG002 - there is no other process
        """See `LearnedSelectors`."""
        return True

    async def let_go(self, host: str, schema_hash: bytes) -> None:
        """See `LearnedSelectors`."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted of one page."""

    url: str
    json: bool
    schema: str | None
    """The JSON text of a checked schema, or None."""
    summary: bool
    deadline: float
    """In the event loop's time."""

    @property
    def shelf(self) -> Shelf:
        """Under what selectors for it are kept."""
        text = orjson.dumps(orjson.loads(self.schema or "null"), option=orjson.OPT_SORT_KEYS)
        return urlsplit(self.url).netloc.lower(), hashlib.sha256(text).digest()


@dataclass(frozen=True, slots=True)
class Lesson:
    """A page that a model has read: its data, where on the page that may stand, and the page's template."""

    data: Any
    candidates: JsonObject | None
    template: list[int]


class Structurer:
    """Makes structured JSON and summaries of pages. One for each process."""

    def __init__(self, settings: Settings, reader: PageReader, learned: LearnedSelectors) -> None:
        self._settings = settings
        self._reader = reader
        self._learned = learned
        has_model = settings.structuring.llm_base_url is not None and settings.structuring.llm_model is not None
        self.model = LanguageModel(settings) if has_model else None
        self._teaching: dict[Shelf, tuple[asyncio.Lock, int]] = {}
        self._resting: dict[Shelf, int] = {}

    async def aclose(self) -> None:
        """Close what is open."""
        if self.model is not None:
            await self.model.aclose()

    async def make(self, order: Order, bodies: Mapping[str, bytes]) -> dict[str, Any]:
        """Return `json` and `summary` with `summary_source` where they are wanted.

        `bodies` are the page's `html`, `markdown` and `metadata`, packed as in `pagemill.bodies`. What cannot be made
        in time, or at all, is a failed JSON, or no summary.
        """
        made: dict[str, Any] = {}
        try:
            async with asyncio.timeout_at(order.deadline - _RESERVE):
                await self._make(order, bodies, made)
        except (TimeoutError, PageError) as error:
            log.warning("structuring failed", url=order.url, error=getattr(error, "code", "timeout"))
            late = isinstance(error, TimeoutError)
            message = "The page's time was up." if late else "What the page says could not be read."
            failure = ModelTimeoutError(message) if late else StructuringError(message)
            if order.json:
                made.setdefault("json", generated_json.failed(failure))
        return made

    async def _make(self, order: Order, bodies: Mapping[str, bytes], made: dict[str, Any]) -> None:
        if not (order.json and order.schema and self.model):
            await self._read_and_ask(order, bodies, made, [])
            return
        shelf = order.shelf
        known = await self._learned.get(*shelf)
        if known and await self._from_known(order, bodies, made, known):
            return
        # While one page teaches, others of its kind wait: most likely they then need no model.
        async with self._turn(shelf):
            if not self._resting.get(shelf):
                async with self._lesson(shelf) as known:
                    await self._read_and_ask(order, bodies, made, known, learn=True)
                return
        self._resting[shelf] -= 1
        await self._read_and_ask(order, bodies, made, [])

    @contextlib.asynccontextmanager
    async def _turn(self, shelf: Shelf) -> AsyncIterator[None]:
        """Let one page at a time teach for a shelf; none waits where teaching rests."""
        if self._resting.get(shelf):
            yield
            return
        lock, waiting = self._teaching.get(shelf, (asyncio.Lock(), 0))
        self._teaching[shelf] = lock, waiting + 1
        try:
            async with lock:
                yield
        finally:
            _, waiting = self._teaching.pop(shelf)
            if waiting > 1:
                self._teaching[shelf] = lock, waiting - 1

    @contextlib.asynccontextmanager
    async def _lesson(self, shelf: Shelf) -> AsyncIterator[list[JsonObject]]:
        """Give what is known of a shelf. While that is nothing, one process at a time learns.

        Another one waits for that lesson, and no longer: where it taught nothing, all go on at once.
        """
        known = await self._learned.get(*shelf)
        holds = not known and await self._learned.hold(*shelf)
        if not known and not holds:
            await self._until_taught(shelf)
        try:
            yield known or await self._learned.get(*shelf)
        finally:
            if holds:
                await self._learned.let_go(*shelf)

    async def _until_taught(self, shelf: Shelf) -> None:
        """Wait while another process learns."""
        pause = _FIRST_PAUSE
        while not await self._learned.hold(*shelf):
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
        await self._learned.let_go(*shelf)

    async def _from_known(
        self, order: Order, bodies: Mapping[str, bytes], made: dict[str, Any], known: list[JsonObject]
    ) -> bool:
        answer = await self._reader.structure(self._request(order, known), bodies)
        if "json" not in answer:
            return False
        material = answer.pop("material", None)
        made.update(answer)
        if material is not None:
            made.update(await self._summarise(order, material))
        return True

    def _request(self, order: Order, known: list[JsonObject]) -> JsonObject:
        return {
            "task": "read",
            "url": order.url,
            "json": order.json,
            "schema": order.schema,
            "summary": order.summary,
            "model": self.model is not None,
            "strict": self._settings.structuring.json_strict,
            "part_tokens": self._settings.structuring.llm_max_page_tokens,
            "max_parts": self._settings.structuring.llm_max_parts,
            "learned": known,
        }

    async def _read_and_ask(
        self,
        order: Order,
        bodies: Mapping[str, bytes],
        made: dict[str, Any],
        known: list[JsonObject],
        *,
        learn: bool = False,
    ) -> None:
        answer = await self._reader.structure(self._request(order, known), bodies)
        material = answer.pop("material", None)
        made.update(answer)
        if material is None:
            return
        lesson = None
        if order.json and "json" not in made:
            try:
                made["json"], lesson = await self._ask(order, bodies, material, learn=learn)
            except StructuringError as error:
                log.warning("the language model gave no data", url=order.url, error=error.code)
                made["json"] = generated_json.failed(error)
        if order.summary:
            made.update(await self._summarise(order, material))
        if lesson is not None:
            await self._learn(order, bodies, lesson, known)

    # With the model

    def _asked(self) -> LanguageModel:
        if self.model is None:
            raise StructuringError("No language model is set up.")
        return self.model

    async def _ask(
        self, order: Order, bodies: Mapping[str, bytes], material: JsonObject, *, learn: bool
    ) -> tuple[JsonObject, Lesson | None]:
        """Return the JSON that the model makes of a page, and what is to be learnt from it, where `learn` asks."""
        schema = orjson.loads(order.schema) if order.schema else overview.SCHEMA
        request = {
            "task": "ground",
            "url": order.url,
            "schema": order.schema,
            "strict": self._settings.structuring.json_strict,
            "learn": learn,
        }

        async def check(data: Any) -> tuple[dict[str, Any], list[Fault]]:
            checked = await self._reader.structure({**request, "data": data}, bodies)
            return checked, [Fault(*fault) for fault in checked.get("faults", [])]

        data, checked = await self._ask_parts(order, material, schema, check)
        result: JsonObject = checked["json"]
        if material["cut"]:
            result["truncated"] = True
        return result, Lesson(data, checked.get("candidates"), material["template"]) if learn else None

    async def _ask_parts(self, order: Order, material: JsonObject, schema: JsonObject, check: Check) -> Checked:
        """Ask for the data of each part, put it together and check it; ask once more where it does not fit."""
        parts, hints = _parts(order, material), material["hints"]
        if len(parts) == 1:
            return await self._ask_until_fits(prompt.extraction(parts[0], schema, hints), schema, check)
        less = relaxed(schema)
        several = [prompt.extraction(part, less, hints) for part in parts]
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._ask_quietly(messages, less)) for messages in several]
        found = [task.result() for task in tasks]
        for result in found:
            if isinstance(result, StructuringError):
                raise result
        data = merging.merge(found)
        checked, faults = await check(data)
        if not faults:
            return data, checked
        answer = orjson.dumps(data).decode()
        return await self._repair(several[0], answer, faults, schema, check)

    async def _ask_quietly(self, messages: Messages, schema: JsonObject) -> Any:
        """The data of one part, or why there is none: a task that raises would end the others."""
        try:
            return read_json(await self._asked().answer(messages, schema))
        except StructuringError as error:
            return error

    async def _ask_until_fits(self, messages: Messages, schema: JsonObject, check: Check) -> Checked:
        answer = await self._asked().answer(messages, schema)
        try:
            data = read_json(answer)
        except ModelAnswerError as error:
            return await self._repair(messages, answer, [Fault("", error.message)], schema, check)
        checked, faults = await check(data)
        if not faults:
            return data, checked
        return await self._repair(messages, answer, faults, schema, check)

    async def _repair(
        self, messages: Messages, answer: str, faults: list[Fault], schema: JsonObject, check: Check
    ) -> Checked:
        data = read_json(await self._asked().answer(prompt.repair(messages, answer, faults), schema))
        checked, faults = await check(data)
        if faults:
            where = faults[0].pointer or "the top"
            raise ModelAnswerError(f"The language model's answer does not fit the schema, at {where}.")
        return data, checked

    async def _summarise(self, order: Order, material: JsonObject) -> dict[str, Any]:
        """A summary of the page's first part by the model; nothing where that fails."""
        try:
            answer = await self._asked().answer(prompt.summary(_parts(order, material)[0]))
        except StructuringError as error:
            log.warning("the language model gave no summary", url=order.url, error=error.code)
            return {}
        return {"summary": " ".join(_THOUGHTS.sub("", answer).split()), "summary_source": "model"}

    # Learning

    async def _learn(self, order: Order, bodies: Mapping[str, bytes], lesson: Lesson, known: list[JsonObject]) -> None:
        """Learn selectors from a page that a model has read, and keep them with those of other templates."""
        shelf = order.shelf
        learned = await self._try_selectors(order, bodies, lesson)
        if learned is None:
            if len(self._resting) < _REMEMBERED:
                self._resting[shelf] = _REST
            return
        others = [other for other in known if not template_alike(other["template"], lesson.template)]
        await self._learned.put(*shelf, [learned, *others][:_MOST_LEARNED])

    async def _try_selectors(self, order: Order, bodies: Mapping[str, bytes], lesson: Lesson) -> JsonObject | None:
        """Selectors of the model's choice that give its own answer of this page; None where none do."""
        if lesson.candidates is None:
            return None
        try:
            choice = read_json(await self._asked().answer(prompt.selectors(lesson.candidates["fields"], order.url)))
        except StructuringError:
            choice = {}
        request = {
            "task": "learn",
            "url": order.url,
            "schema": order.schema,
            "data": lesson.data,
            "candidates": lesson.candidates,
            "choice": choice,
        }
        learned: JsonObject | None = (await self._reader.structure(request, bodies)).get("learned")
        return learned


def _parts(order: Order, material: JsonObject) -> list[Part]:
    texts = material["parts"]
    return [Part(order.url, material["title"], text, number, len(texts)) for number, text in enumerate(texts, 1)]


Checked = tuple[Any, dict[str, Any]]
"""Data, and what the check of it gave."""

if TYPE_CHECKING:
    Check = Callable[[Any], Awaitable[tuple[dict[str, Any], list[Fault]]]]


def read_json(answer: str) -> Any:
    """Return the JSON of a model's answer: bare, in a fence, or after its thoughts.

    Raises errors.ModelAnswerError.
    """
    text = _THOUGHTS.sub("", answer).strip()
    if fenced := _FENCED.fullmatch(text):
        text = fenced[1]
    starts = [place for place in (text.find("{"), text.find("[")) if place >= 0]
    ends = [place for place in (text.rfind("}"), text.rfind("]")) if place >= 0]
    for piece in (text, text[min(starts) : max(ends) + 1] if starts and ends else ""):
        try:
            return orjson.loads(piece)
        except orjson.JSONDecodeError:
            continue
    raise ModelAnswerError("The language model's answer is no JSON.")
