"""A trace of the whole service, as a collector gets it: one, from the submission to the webhook."""

from __future__ import annotations

import asyncio
import sys

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from tests.service.running import RunningService, ended
from tests.web.http_server import HttpServer, Response
from tests.web.model_server import ModelServer

PAGE = Response(b"<html><body><article><h1>Title</h1><p>Price: $9.99. Words of a page.</p></article></body></html>")
CLIENT_TRACE, CLIENT_SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


class Collector(HttpServer):
    """Takes OTLP over HTTP and keeps the spans."""

    def __init__(self):
        super().__init__()
        self.spans = []
        self.resources = []
        self.routes["/v1/traces"] = self._take

    async def _take(self, request):
        for resource in ExportTraceServiceRequest.FromString(request.body).resource_spans:
            self.resources.append(attributes_of(resource.resource))
            for scope in resource.scope_spans:
                self.spans.extend(scope.spans)
        return Response(b"", headers=(("Content-Type", "application/x-protobuf"),))

    def of(self, name):
        return [span for span in self.spans if span.name == name]


def attributes_of(holder):
    return {entry.key: getattr(entry.value, str(entry.value.WhichOneof("value")), None) for entry in holder.attributes}


async def test_one_trace_runs_from_the_submission_to_the_webhook(scratch):
    async with Collector() as collector, HttpServer({"/": PAGE, "/hook": Response(b"")}) as web, ModelServer() as model:
        service = RunningService(
            scratch / "traces",
            workers=1,
            PAGEMILL_LLM_BASE_URL=model.base_url,
            PAGEMILL_LLM_MODEL="small",
            OTEL_EXPORTER_OTLP_ENDPOINT=collector.url(""),
            OTEL_BSP_SCHEDULE_DELAY="100",
        )
        async with service, service.client() as client:
            asked = {
                "url": web.url("/?token=secret"),
                "formats": ["json"],
                "outputSchema": {"type": "object", "properties": {"price": {"type": "string"}}},
                "webhook_url": web.url("/hook?token=secret"),
            }
            headers = {"traceparent": f"00-{CLIENT_TRACE}-{CLIENT_SPAN}-01"}
            job = (await client.post("/v1/url-scraper", json=asked, headers=headers)).json()
            await ended(client, job["id"])
            async with asyncio.timeout(30):
                while not collector.of("POST webhook") or not collector.of("scrape"):
                    await asyncio.sleep(0.05)
            missing = await client.post(
                "/v1/url-scraper", json={"url": web.url("/gone")}, headers={"traceparent": "nonsense"}
            )
            await ended(client, missing.json()["id"])
        spans = {span.name: span for span in collector.spans if span.trace_id.hex() == CLIENT_TRACE}
        names = {span.span_id: span.name for span in spans.values()}
        parents = {name: names.get(span.parent_span_id, span.parent_span_id.hex()) for name, span in spans.items()}
        assert parents == {
            "POST /v1/url-scraper": CLIENT_SPAN,
            "scrape": "POST /v1/url-scraper",
            "GET": "scrape",
            "extract": "scrape",
            "structure": "scrape",
            "chat small": "structure",
            "POST webhook": "POST /v1/url-scraper",
        }
        kinds = {name: Span.SpanKind.Name(span.kind) for name, span in spans.items()}
        assert kinds["POST /v1/url-scraper"] == "SPAN_KIND_SERVER"
        assert kinds["scrape"] == "SPAN_KIND_CONSUMER"
        assert {kinds[name] for name in ("GET", "chat small", "POST webhook")} == {"SPAN_KIND_CLIENT"}
        request = attributes_of(spans["POST /v1/url-scraper"])
        assert request["http.route"] == "/v1/url-scraper"
        assert request["http.response.status_code"] == 202
        fetch = attributes_of(spans["GET"])
        assert fetch == {
            "http.request.method": "GET",
            "url.full": web.url("/?***"),
            "server.address": "127.0.0.1",
            "server.port": web.port,
            "http.response.status_code": 200,
        }
        assert attributes_of(spans["chat small"])["gen_ai.request.model"] == "small"
        assert attributes_of(spans["POST webhook"])["http.response.status_code"] == 200
        assert {resource["service.name"] for resource in collector.resources} == {"pagemill"}
        assert {resource["pagemill.process"] for resource in collector.resources} == {"api", "worker"}
        assert b"secret" not in b"".join(span.SerializeToString() for span in collector.spans)
        [failed] = [span for span in collector.of("scrape") if span.trace_id.hex() != CLIENT_TRACE]
        assert failed.status.code == Status.STATUS_CODE_ERROR
        assert attributes_of(failed)["error.type"] == "http_error"
        assert not [request for request in web.requests if "traceparent" in request.headers]


async def test_nothing_of_opentelemetry_is_imported_without_an_endpoint():
    program = (
        "import sys, pagemill.jobs.worker\n"
        "from pagemill.observability import tracing\n"
        "tracing.turn_on('worker')\n"
        "with tracing.Span('a') as span: span.set(a=1)\n"
        "assert not tracing.is_on()\n"
        "assert not [name for name in sys.modules if name.startswith(('opentelemetry', 'prometheus_client'))]\n"
        "import pagemill.api.app\n"  # FastAPI looks whether OpenTelemetry's interface is installed
        "assert not {'opentelemetry.sdk', 'opentelemetry.exporter'} & set(sys.modules)\n"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program)
    assert await process.wait() == 0
