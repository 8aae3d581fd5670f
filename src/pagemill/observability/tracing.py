"""Traces over OpenTelemetry: one from a job's submission to its last webhook, through all processes.

They are on where the standard variable `OTEL_EXPORTER_OTLP_ENDPOINT` (or the one for traces alone) is set, and then
need the packages of the extra `otel`. Nothing of OpenTelemetry is imported otherwise. Spans are sent by a thread.
"""

from __future__ import annotations

import os
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Self

import structlog

from pagemill import __version__
from pagemill.errors import PagemillError

if TYPE_CHECKING:
    from types import TracebackType

    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Tracer

log = structlog.get_logger(__name__)

_ENDPOINT_VARIABLES = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_FLUSH_MILLISECONDS = 2000


class Kind(StrEnum):
    """What a span is to others: see OpenTelemetry's SpanKind."""

    INTERNAL = "INTERNAL"
    SERVER = "SERVER"
    CLIENT = "CLIENT"
    CONSUMER = "CONSUMER"


_provider: TracerProvider | None = None
_tracer: Tracer | None = None
_failed = False


def turn_on(process: str) -> None:
    """Send spans from now on, where an endpoint is set. `process` is this process's role: api or worker."""
    global _provider, _tracer  # noqa: PLW0603 - traces are of the whole process
    if os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true" or not any(map(os.environ.get, _ENDPOINT_VARIABLES)):
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        given: dict[str, Any] = {
            "service.version": __version__,
            "pagemill.process": process,
            "process.pid": os.getpid(),
        }
        named = os.environ.get("OTEL_SERVICE_NAME") or "service.name=" in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
        resource = Resource.create(given if named else {"service.name": "pagemill", **given})
        _provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        _provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        _tracer = _provider.get_tracer("pagemill", __version__)
    except ImportError:
        log.warning(
            "traces are off: OpenTelemetry is not installed", hint="`make otel`, or pip install 'pagemill[otel]'"
        )
    except Exception:
        log.exception("traces are off: they cannot be sent")


def is_on() -> bool:
    """Whether spans are sent."""
    return _tracer is not None


def turn_off() -> None:
    """Send what is left, for a moment at most, and nothing any more. Blocks."""
    global _provider, _tracer
    provider, _provider, _tracer = _provider, None, None
    if provider is not None:
        provider.force_flush(_FLUSH_MILLISECONDS)


def current_context() -> str | None:
    """The current span as a `traceparent` (W3C Trace Context), for whoever carries the work on."""
    if _tracer is None:
        return None
    try:
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        carrier: dict[str, str] = {}
        TraceContextTextMapPropagator().inject(carrier)
        return carrier.get("traceparent")
    except Exception:  # noqa: BLE001 - it is logged, once
        _report()
        return None


class Span:
    """One span, used as `with Span("name", Kind.CLIENT, {...}) as span`. Without tracing it does nothing.

    Its parent is the current span, or the one that `parent`, a `traceparent`, names. It ends in error with the
    exception that leaves the block, of which it tells the code or the class, never the message.
    """

    __slots__ = ("_attributes", "_kind", "_name", "_parent", "_scope", "_span")

    def __init__(
        self,
        name: str,
        kind: Kind = Kind.INTERNAL,
        attributes: dict[str, Any] | None = None,
        parent: str | None = None,
    ) -> None:
        self._name, self._kind, self._parent = name, kind, parent
        self._attributes = attributes
        self._span: Any = None
        self._scope: Any = None

    def __enter__(self) -> Self:
        if _tracer is not None:
            try:
                self._start(_tracer)
            except Exception:  # noqa: BLE001 - it is logged, once
                _report()
        return self

    def _start(self, tracer: Tracer) -> None:
        from opentelemetry import trace
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        context = TraceContextTextMapPropagator().extract({"traceparent": self._parent}) if self._parent else None
        given = {key: value for key, value in (self._attributes or {}).items() if value is not None}
        self._span = tracer.start_span(self._name, context, trace.SpanKind[self._kind], given)
        self._scope = trace.use_span(self._span, record_exception=False, set_status_on_exception=False)
        self._scope.__enter__()

    def set(self, **attributes: Any) -> None:
        """Set attributes; `__` in a name stands for a dot. None sets nothing."""
        if self._span is None:
            return
        try:
            for name, value in attributes.items():
                if value is not None:
                    self._span.set_attribute(name.replace("__", "."), value)
        except Exception:  # noqa: BLE001 - it is logged, once
            _report()

    def rename(self, name: str) -> None:
        """Give the span another name."""
        if self._span is not None:
            self._span.update_name(name)

    def fail(self, error_type: str) -> None:
        """End in error, of this type."""
        if self._span is None:
            return
        try:
            from opentelemetry.trace import StatusCode

            self._span.set_attribute("error.type", error_type)
            self._span.set_status(StatusCode.ERROR)
        except Exception:  # noqa: BLE001 - it is logged, once
            _report()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._span is None:
            return
        try:
            if isinstance(error, Exception):
                self.fail(error.code if isinstance(error, PagemillError) else type(error).__name__)
            if self._scope is not None:
                self._scope.__exit__(None, None, None)
            self._span.end()
        except Exception:  # noqa: BLE001 - it is logged, once
            _report()


def _report() -> None:
    """Log the first failure with its traceback; it may well be that of every span."""
    global _failed  # noqa: PLW0603
    if not _failed:
        _failed = True
        log.error("traces cannot be written; the work goes on", exc_info=True)  # noqa: LOG014
