"""Stages of a page: each is timed for the metrics, is a span of the trace, and a step for whoever watches the page."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from pagemill.errors import PagemillError
from pagemill.observability import tracing
from pagemill.observability.metrics import STAGE_DURATION
from pagemill.observability.steps import current_steps
from pagemill.observability.tracing import Kind, Span
from pagemill.redaction import redact_url

if TYPE_CHECKING:
    from types import TracebackType

    from pagemill.observability.steps import Step, Steps

_PORTS = {"http": 80, "https": 443}


class Stage(Span):
    """A stage, used as `with Stage("http", ...)`. Its duration counts however it ends."""

    __slots__ = ("_stage", "_started", "_step", "_steps")

    def __init__(
        self,
        stage: str,
        name: str | None = None,
        kind: Kind = Kind.INTERNAL,
        attributes: dict[str, Any] | None = None,
        parent: str | None = None,
    ) -> None:
        super().__init__(name or stage, kind, attributes, parent)
        self._stage = stage
        self._started = 0.0
        self._steps: Steps | None = None
        self._step: Step | None = None

    def __enter__(self) -> Self:
        self._started = time.perf_counter()
        self._steps = current_steps.get()
        if self._steps is not None:
            self._step = self._steps.begin(self._stage)
        return super().__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        STAGE_DURATION.observe(time.perf_counter() - self._started, self._stage)
        if self._steps is not None and self._step is not None:
            self._steps.end(self._step, _code(error))
        super().__exit__(kind, error, trace)


def _code(error: BaseException | None) -> str | None:
    if error is None:
        return None
    return error.code if isinstance(error, PagemillError) else PagemillError.code


def request_attributes(method: str, url: str, **more: Any) -> dict[str, Any]:
    """The attributes of an HTTP request, by OpenTelemetry's conventions, and `more`. The URL is redacted.

    There are none while no traces are written.
    """
    if not tracing.is_on():
        return {}
    try:
        parts = urlsplit(url)
        server = {"server.address": parts.hostname, "server.port": parts.port or _PORTS.get(parts.scheme)}
    except ValueError:
        server = {}
    return {"http.request.method": method, "url.full": redact_url(url), **server, **more}
