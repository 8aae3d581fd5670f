from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest
    from tests.api.conftest import Api


async def test_the_page_loads_from_here_alone(api: Api) -> None:
    page = (await api.client.get("/docs")).text
    assert "://" not in page
    loaded = re.findall(r'(?:src|href)="(/[^"]+)"', page)
    assert len(loaded) == 3
    for path in loaded:
        answer = await api.client.get(path)
        assert answer.status_code == 200
        assert len(answer.content) > (100 if path.endswith("start.js") else 100_000)
    assert "SwaggerUIBundle" in (await api.client.get("/docs/swagger-ui.js")).text
    style = await api.client.get("/docs/swagger-ui.css")
    assert style.headers["Content-Type"].startswith("text/css")


async def test_the_document_is_made_beside_the_event_loop(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[threading.Thread] = []

    def make() -> dict[str, str]:
        made.append(threading.current_thread())
        return {"openapi": "3.1.0"}

    monkeypatch.setattr(api.server.app, "openapi", make)
    assert (await api.client.get("/openapi.json")).json() == {"openapi": "3.1.0"}
    assert made != [threading.current_thread()]


async def test_the_page_runs_no_inline_script_and_keeps_no_key(api: Api) -> None:
    answer = await api.client.get("/docs")
    policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert re.findall(r"<script[^>]*>[^<]+", answer.text) == []
    assert answer.headers["Cache-Control"] == "no-store"
    assert "persistAuthorization: false" in (await api.client.get("/docs/start.js")).text
