from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.api.conftest import Api


async def test_the_address_that_is_printed_leads_on(api: Api) -> None:
    answer = await api.client.get("/")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert 'href="/docs"' in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
