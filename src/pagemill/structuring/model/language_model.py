"""The language model: any server that speaks the OpenAI-compatible protocol, through the official client."""

from __future__ import annotations

import asyncio
import importlib
from typing import TYPE_CHECKING, Any

import orjson

from pagemill.errors import (
    ModelAnswerError,
    ModelError,
    ModelRateLimitedError,
    ModelRefusedError,
    ModelTimeoutError,
)
from pagemill.fair_semaphore import FairSemaphore, current_key
from pagemill.structuring.model.recorded_call import RecordedCall

if TYPE_CHECKING:
    import openai

    from pagemill.settings import Settings
    from pagemill.structuring.model.prompt import Messages

_MAX_REMEMBERED = 1000
_MAX_ANSWER_BYTES = 4 * 1024 * 1024
_REFUSED = frozenset([400, 422])
"""Statuses of servers that do not know a parameter."""
_UNSUPPORTED = frozenset([404, 405, 415, 500, 501])
"""Statuses of servers that do not know a response format, among other failures."""
_PLACEHOLDER_KEY = "none"  # servers on one's own machine ask for no key, but the client wants one


class LanguageModel:
    """Asks the model that the settings name. One for each process; the client is made on first need."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client: openai.AsyncOpenAI | None = None
        self._client_lock = asyncio.Lock()
        self._slots = FairSemaphore(settings.structuring.llm_concurrency)
        self._accepted_variants: dict[bytes, int] = {}
        self.calls = 0
        """How many answers were asked for; retries of the client not counted."""

    async def aclose(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.close()

    async def answer(self, messages: Messages, schema: dict[str, Any] | None = None) -> str:
        """Return the model's answer. `schema` is handed over as response format where the server takes it.

        A server that refuses a request, or fails on one with a response format, is asked in plainer ways, down to the
        messages alone. What it took is remembered. The prompt names the schema too.

        Raises errors.ModelTimeoutError, ModelRateLimitedError, ModelRefusedError, ModelAnswerError or ModelError.
        """
        schema_key = orjson.dumps(schema)
        variants = self._request_variants(schema)
        first = remembered = min(self._accepted_variants.get(schema_key, 0), len(variants) - 1)
        async with self._slots.slot(current_key.get()):
            client = await self._get_client()
            import openai

            for number, variant in enumerate(variants):
                if number < first:
                    continue
                try:
                    answer = await self._ask(client, messages, variant)
                except openai.APIStatusError as error:
                    following = _next_variant(error.status_code, variants, number)
                    if following is None:
                        raise _failure(error) from None
                    first = following
                    continue
                except openai.OpenAIError as error:
                    raise _failure(error) from None
                if number != remembered and len(self._accepted_variants) < _MAX_REMEMBERED:
                    self._accepted_variants[schema_key] = number
                return answer
        raise AssertionError("the last variant returns or raises")

    def _request_variants(self, schema: dict[str, Any] | None) -> list[dict[str, Any]]:
        """The ways to ask: as most servers take it, as models that reason take it, and both without the schema."""
        response_format = _response_format(schema) if schema is not None else None
        limit = self._settings.structuring.llm_max_answer_tokens
        shapes: list[dict[str, Any]] = [{"temperature": 0, "max_tokens": limit}, {"max_completion_tokens": limit}]
        if response_format:
            shapes = [{**shape, "response_format": response_format} for shape in shapes] + shapes
        return [*shapes, {}]

    async def _ask(self, client: openai.AsyncOpenAI, messages: Messages, variant: dict[str, Any]) -> str:
        self.calls += 1
        model = self._settings.structuring.llm_model or ""
        with RecordedCall(model, self._settings.structuring.llm_base_url or "", _failure) as call:
            # The raw response: the client's own reading of it takes any JSON, and any text, for a completion.
            response = await client.chat.completions.with_raw_response.create(
                model=model,
                messages=messages,  # type: ignore[arg-type]
                **variant,
            )
            completion = _completion(response.http_response.content)
            call.read_usage(completion)
            return _content(completion)

    async def _get_client(self) -> openai.AsyncOpenAI:
        async with self._client_lock:
            if self._client is None:
                # Importing the client and reading the system's certificates takes a good part of a second.
                self._client = await asyncio.to_thread(self._create_client)
        return self._client

    def _create_client(self) -> openai.AsyncOpenAI:
        module = importlib.import_module("openai")
        key = self._settings.structuring.llm_api_key
        client: openai.AsyncOpenAI = module.AsyncOpenAI(
            base_url=self._settings.structuring.llm_base_url,
            api_key=key.get_secret_value() if key is not None else _PLACEHOLDER_KEY,
            timeout=self._settings.structuring.llm_timeout,
            max_retries=self._settings.structuring.llm_retries,
        )
        return client


def _next_variant(status: int, variants: list[dict[str, Any]], number: int) -> int | None:
    """The number of the variant to try after this status; None where asking more plainly would not help."""
    if status in _REFUSED:
        return number + 1 if number + 1 < len(variants) else None
    if status in _UNSUPPORTED and "response_format" in variants[number]:
        return next(index for index, variant in enumerate(variants) if "response_format" not in variant)
    return None


def _completion(body: bytes) -> Any:
    """The JSON of an answer. Raises errors.ModelAnswerError."""
    if len(body) > _MAX_ANSWER_BYTES:
        raise ModelAnswerError("The language model's answer is too long.")
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise ModelAnswerError("The language model's server did not answer with JSON.") from None


def _content(completion: Any) -> str:
    """The text of an answer, whatever the server sent.

    Raises errors.ModelAnswerError or errors.ModelRefusedError.
    """
    choices = completion.get("choices") if isinstance(completion, dict) else None
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(choice, dict) or not isinstance(message, dict):
        raise ModelAnswerError("The language model gave no answer.")
    if message.get("refusal") or choice.get("finish_reason") == "content_filter":
        raise ModelRefusedError("The language model declined to answer.")
    if choice.get("finish_reason") == "length":
        raise ModelAnswerError(
            "The language model's answer is cut off: it is longer than PAGEMILL_LLM_MAX_ANSWER_TOKENS."
        )
    text = _text(message.get("content"))
    if not text.strip():
        raise ModelAnswerError("The language model gave an empty answer.")
    return text


def _text(content: Any) -> str:
    """The text of a message's content: a string, or a list of parts."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    texts = [part.get("text") for part in parts if isinstance(part, dict) and part.get("type", "text") == "text"]
    return "".join(text for text in texts if isinstance(text, str))


def _response_format(schema: dict[str, Any]) -> dict[str, Any] | None:
    """The schema as `response_format`, which takes objects at the top only."""
    if schema.get("type") != "object":
        return None
    return {"type": "json_schema", "json_schema": {"name": "page", "schema": schema, "strict": False}}


def _failure(error: Exception) -> ModelError:
    """What went wrong, without what the server said: it may repeat the key, or the page."""
    import openai

    if isinstance(error, openai.APITimeoutError):
        return ModelTimeoutError("The language model did not answer in time.")
    if isinstance(error, openai.RateLimitError):
        return ModelRateLimitedError("The language model's server asks for fewer requests.")
    if isinstance(error, openai.APIStatusError):
        return ModelError(f"The language model's server answered with status {error.status_code}.")
    if isinstance(error, openai.APIConnectionError):
        return ModelError("The language model's server cannot be reached.")
    return ModelError("The language model's server answered with what cannot be read.")
