from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.api.conftest import Api


async def test_the_page_loads_from_here_alone(api: Api) -> None:
    page = (await api.client.get("/docs")).text
    assert "://" not in page
    loaded = re.findall(r'(?:src|href)="(/[^"]+)"', page)
    assert len(loaded) == 2
    for path in loaded:
        answer = await api.client.get(path)
        assert answer.status_code == 200
        assert len(answer.content) > 100_000
    assert "SwaggerUIBundle" in (await api.client.get("/docs/swagger-ui.js")).text
    style = await api.client.get("/docs/swagger-ui.css")
    assert style.headers["Content-Type"].startswith("text/css")
