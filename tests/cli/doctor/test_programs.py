"""Python, what was compiled, Chromium, and the language model's server."""

from __future__ import annotations

import json
import os

import pytest

from pagemill.cli.doctor.browser import check_browser
from pagemill.cli.doctor.installation import check_compiled_code, check_python
from pagemill.cli.doctor.language_model import check_language_model
from pagemill.errors import BrowserUnavailableError
from pagemill.extraction.choosing import blocks
from pagemill.extraction.choosing.features import short_texts
from pagemill.extraction.choosing.model import trees
from pagemill.fetching.browser.chromium import find_chromium
from pagemill.settings import Settings
from tests.service.running import free_port
from tests.web.http_server import HttpServer, Response

MODELS = json.dumps({"object": "list", "data": [{"id": "small", "object": "model"}]}).encode()


def test_an_old_python_fails():
    assert check_python().status == "ok"
    assert check_python((3, 10, 12)).status == "failed"


@pytest.mark.parametrize(
    ("module", "loop", "name"),
    [(blocks, "CompiledWalk", "walk"), (short_texts, "WordTable", "words"), (trees, "compiled", "trees")],
)
def test_a_loop_that_is_not_compiled_is_told(monkeypatch, module, loop, name):
    monkeypatch.setattr(module, loop, None)
    monkeypatch.setenv("PATH", "/nowhere")
    finding = check_compiled_code()
    assert finding.status == "warning"
    assert name in finding.message
    assert "C compiler" in finding.hint


async def test_chromium_starts_and_its_user_is_told():
    try:
        find_chromium(Settings())
    except BrowserUnavailableError:
        pytest.skip("needs a Chromium")
    browser, sandbox = await check_browser(Settings())
    assert browser.status == "ok"
    assert sandbox.status == "ok" or os.geteuid() == 0


async def test_a_chromium_that_does_not_start_fails():
    browser, _ = await check_browser(Settings(chromium="/bin/false"))
    assert browser.status == "failed"


async def test_a_chromium_that_is_not_there_is_told():
    [browser] = await check_browser(Settings(chromium="/no/such/chromium"))
    assert browser.status == "warning"


@pytest.mark.parametrize(
    ("answer", "model", "status"),
    [
        (Response(MODELS, content_type="application/json"), "small", "ok"),
        (Response(MODELS, content_type="application/json"), "large", "warning"),
        (Response(b"{}", status=401, content_type="application/json"), "small", "failed"),
        (Response(b"{}", status=404, content_type="application/json"), "small", "warning"),
        (Response(b"<html>", content_type="text/html"), "small", "failed"),
        (Response(b"[1]", content_type="application/json"), "small", "failed"),
    ],
)
async def test_the_models_server(answer, model, status):
    async with HttpServer({"/v1/models": answer}) as web:
        settings = Settings(llm_base_url=web.url("/v1"), llm_model=model, llm_api_key="hunter2")
        finding = await check_language_model(settings)
    assert finding.status == status, finding
    assert "hunter2" not in str(finding)


async def test_a_models_server_that_is_away_fails():
    settings = Settings(llm_base_url=f"http://127.0.0.1:{free_port()}/v1", llm_model="small")
    assert (await check_language_model(settings)).status == "failed"
    assert (await check_language_model(Settings())).status == "ok"
