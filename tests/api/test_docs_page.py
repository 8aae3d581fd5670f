from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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


async def test_the_page_runs_no_inline_script_and_keeps_no_key(api: Api) -> None:
    answer = await api.client.get("/docs")
    policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert re.findall(r"<script[^>]*>[^<]+", answer.text) == []
    assert answer.headers["Cache-Control"] == "no-store"
    assert "persistAuthorization: false" in (await api.client.get("/docs/start.js")).text
