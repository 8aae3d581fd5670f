"""Logging: one line for each event, on standard error, as text or JSON."""

from __future__ import annotations

import contextlib
import logging
import sys
from typing import TYPE_CHECKING, Any, TextIO

from pagemill.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Iterator, MutableMapping

    from structlog.typing import Processor


@contextlib.contextmanager
def _not_there(name: str) -> Iterator[None]:
    """Let an import find no such package."""
    before = sys.modules.get(name)
    sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[name]
        if before is not None:
            sys.modules[name] = before


# structlog draws tracebacks with rich where it finds it. Ours are plain, and rich takes 5 MB of each process.
with _not_there("rich"):
    import structlog


def configure(level: str, form: str, file: TextIO | None = None) -> None:
    """Set up logging for this process: `level` by name, `form` text or json; to standard error or another file."""
    file = file or sys.stderr
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[Processor]
    if form == "json":
        last = [structlog.processors.format_exc_info, _redact_event, structlog.processors.JSONRenderer()]
    else:
        last = [structlog.processors.format_exc_info, _redact_event, _render_text]
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(file=file),
        cache_logger_on_first_use=True,
    )
    # What libraries say goes the same way.
    handler = logging.StreamHandler(file)
    handler.setFormatter(_RedactingFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=max(number, logging.WARNING), handlers=[handler])


def configure_for_library() -> None:
    """Leave to the program that uses this package where its lines go: to `logging`, by module.

    A program that has set up structlog keeps its own way.
    """
    if structlog.is_configured():
        return
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            structlog.processors.format_exc_info,
            _redact_event,
            _render_event,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
    )


class _RedactingFormatter(logging.Formatter):
    """Formats what libraries log, without the secrets of URLs."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return redact(super().format(record))


def _redact_event(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Redact every URL of an event, tracebacks included."""
    for key, value in event.items():
        event[key] = _redacted(value)
    return event


def _redacted(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, dict):
        return {key: _redacted(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_redacted(item) for item in value]
    return redact(str(value))


def _render_text(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> str:
    """Render `2026-01-02T03:04:05Z info  message key=value …`; values with spaces are quoted."""
    start = f"{event.pop('timestamp')} {event.pop('level'):<7} "
    return start + _render_event(_logger, _method, event)


def _render_event(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> str:
    exception = event.pop("exception", None)
    parts = [str(event.pop("event"))]
    parts += [f"{key}={_value(value)}" for key, value in event.items()]
    return " ".join(parts) + (f"\n{exception}" if exception else "")


def _value(value: object) -> str:
    text = str(value)
    return repr(text) if any(character in text for character in " \"'=\n\r\t") or not text.isprintable() else text
