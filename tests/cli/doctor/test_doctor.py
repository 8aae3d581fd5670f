"""`pagemill doctor` as a command: what it prints, how it ends, and that it disturbs nobody."""

from __future__ import annotations

import json

import pytest

from tests.service.running import RunningService, ended, free_port
from tests.service.test_life import run_pagemill
from tests.web.dns_server import Answer, DnsServer
from tests.web.http_server import HttpServer, Response

PAGE = Response(b"<html><title>T</title><body><article><h1>Title</h1><p>Words of a page.</p></article></body></html>")


@pytest.fixture
async def surroundings(scratch, request):
    """A folder and a port of the test's own, and a DNS server that knows the name that is asked for."""
    async with DnsServer({"example.com": Answer(["93.184.215.14"])}) as dns:
        yield {
            "PAGEMILL_DATA_DIR": str(scratch / request.node.name / "data"),
            "PAGEMILL_PORT": str(free_port()),
            "PAGEMILL_DNS_SERVERS": dns.address,
        }


async def examine(**settings):
    code, output, errors = await run_pagemill("doctor", "--json", **settings)
    answer = json.loads(output)
    assert errors == ""
    assert answer["ok"] is (code == 0)
    return answer["findings"]


def of(findings, check):
    [found] = [each for each in findings if each["check"] == check]
    return found


async def test_a_fresh_machine_is_well(surroundings):
    findings = await examine(**surroundings)
    assert {each["status"] for each in findings} <= {"ok", "warning"}, findings
    for check in ("python", "settings", "data folder", "disk", "database", "egress guard", "DNS", "port"):
        assert of(findings, check)["status"] == "ok", findings
    assert all(each["hint"] for each in findings if each["status"] != "ok")


async def test_each_finding_is_one_line(surroundings):
    code, output, _ = await run_pagemill("doctor", PAGEMILL_WORKRES="2", **surroundings)
    assert code == 0
    lines = output.splitlines()
    assert all(line.startswith(("ok       ", "warning  ")) for line in lines)
    assert "warning  settings: PAGEMILL_WORKRES is no setting and is ignored. Did you mean PAGEMILL_WORKERS?" in lines


async def test_whatever_is_broken_the_rest_is_still_examined(surroundings):
    async with HttpServer() as other:
        broken = {
            "PAGEMILL_JOB_DEADLINE": "soon",
            "PAGEMILL_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
            "PAGEMILL_DNS_SERVERS": "127.0.0.1:1",
            "PAGEMILL_DNS_TIMEOUT": "1",
            "PAGEMILL_DATABASE_WAIT": "1",
            "PAGEMILL_CHROMIUM": "/bin/false",
            "PAGEMILL_PROXIES": f"http://127.0.0.1:{free_port()}",
            "PAGEMILL_LLM_BASE_URL": f"http://127.0.0.1:{free_port()}/v1",
            "PAGEMILL_LLM_MODEL": "small",
            "PAGEMILL_PORT": other.url("/").rsplit(":", 1)[1].strip("/"),
        }
        findings = await examine(**surroundings | broken)
    for check in ("settings", "database", "DNS", "proxy", "port", "Chromium", "language model"):
        assert of(findings, check)["status"] == "failed", (check, findings)
    assert "PAGEMILL_JOB_DEADLINE" in of(findings, "settings")["message"]
    assert of(findings, "data folder")["status"] == "ok"


async def test_a_running_service_is_found_and_not_disturbed(surroundings, scratch):
    async with HttpServer({"/": PAGE}) as web:
        service = RunningService(scratch / "examined", workers=1)
        async with service, service.client() as client:
            job = (await client.post("/v1/url-scraper", json={"url": web.url("/")})).json()
            before = {process.pid for process in service.processes()}
            settings = {"PAGEMILL_DATA_DIR": str(service.data_dir), "PAGEMILL_PORT": str(service.port)}
            findings = await examine(**surroundings | settings)
            assert "running service" in of(findings, "port")["message"]
            assert "schema at version" in of(findings, "database")["message"]
            assert of(findings, "clock")["status"] == "ok"
            assert (await ended(client, job["id"]))["status"] == "completed"
            roles = [process.pid for role in ("api", "worker", "postgres") for process in service.of(role)]
            assert set(roles) <= before
