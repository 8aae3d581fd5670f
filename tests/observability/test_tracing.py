"""What traces do where something of them fails; `tests/service/test_traces.py` has those of a whole service."""

from __future__ import annotations

import pytest

from pagemill.errors import HttpStatusError
from pagemill.observability import tracing
from pagemill.observability.stages import Stage, request_attributes
from pagemill.observability.tracing import Span


class BrokenTracer:
    def start_span(self, *_):
        raise RuntimeError("broken")


@pytest.fixture
def broken(monkeypatch):
    monkeypatch.setattr(tracing, "_tracer", BrokenTracer())
    monkeypatch.setattr(tracing, "_failed", False)


def test_a_tracer_that_raises_is_logged_once_and_work_goes_on(broken, capsys):
    done = []
    for _ in range(3):
        with Stage("http", attributes={"a": 1}) as span:
            span.set(b=2)
            span.rename("c")
            span.fail("d")
            done.append(span)
    assert len(done) == 3
    assert capsys.readouterr().out.count("traces cannot be written") == 1


def test_a_span_passes_errors_on(broken):
    with pytest.raises(HttpStatusError), Span("a"):
        raise HttpStatusError("It answered with 404.", 404)


def test_without_tracing_there_is_no_context_and_no_attribute():
    assert not tracing.is_on()
    assert tracing.current_context() is None
    assert request_attributes("GET", "http://example.com/") == {}


def test_attributes_of_a_request_have_no_secrets(broken):
    attributes = request_attributes("GET", "https://user:secret@example.com/path?token=secret#secret", more=1)
    assert attributes == {
        "http.request.method": "GET",
        "url.full": "https://***@example.com/path?***",
        "server.address": "example.com",
        "server.port": 443,
        "more": 1,
    }
    assert "server.address" not in request_attributes("GET", "http://[")
