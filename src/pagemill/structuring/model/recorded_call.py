"""One request to the language model, as metrics and traces have it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Self

from pagemill.errors import ModelError
from pagemill.observability.metrics import MODEL_DURATION, MODEL_REQUESTS, MODEL_TOKENS
from pagemill.observability.stages import request_attributes
from pagemill.observability.tracing import Kind, Span

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType


class RecordedCall(Span):
    """Used as `with RecordedCall(model, url, failure)`; `failure` reads what the client raises."""

    __slots__ = ("_failure", "_started")

    def __init__(self, model: str, url: str, failure: Callable[[Exception], ModelError]) -> None:
        attributes = request_attributes(
            "POST",
            url,
            **{"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": model},
        )
        super().__init__(f"chat {model}", Kind.CLIENT, attributes)
        self._failure = failure
        self._started = 0.0

    def __enter__(self) -> Self:
        self._started = time.perf_counter()
        return super().__enter__()

    def read_usage(self, completion: Any) -> None:
        """Count the tokens that the server says it read and wrote."""
        usage = completion.get("usage") if isinstance(completion, dict) else None
        if not isinstance(usage, dict):
            return
        read, written = _number(usage.get("prompt_tokens")), _number(usage.get("completion_tokens"))
        MODEL_TOKENS.add("input", amount=read)
        MODEL_TOKENS.add("output", amount=written)
        self.set(gen_ai__usage__input_tokens=read, gen_ai__usage__output_tokens=written)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        MODEL_DURATION.observe(time.perf_counter() - self._started)
        outcome = "ok" if error is None else "cancelled"
        if isinstance(error, Exception):
            error = error if isinstance(error, ModelError) else self._failure(error)
            outcome = error.code
        MODEL_REQUESTS.add(outcome)
        super().__exit__(kind, error, trace)


def _number(value: Any) -> int:
    """A count of tokens, of whatever the server sent."""
    return value if isinstance(value, int) and 0 <= value < 2**53 else 0
