from __future__ import annotations

import re
from typing import TYPE_CHECKING

import httpx
import pytest
from tests.api.conftest import serving

from pagemill.jobs.keys.keys import Keys
from pagemill.jobs.keys.sign_ins import delete_expired_sign_ins

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.api.conftest import Api

    from pagemill.jobs.database.pool import Database
    from pagemill.settings import Settings

PAGE = {"Accept": "text/html"}


@pytest.fixture
async def visitor(api: Api) -> AsyncIterator[httpx.AsyncClient]:
    """A browser that is not signed in."""
    async with httpx.AsyncClient(base_url=api.url, headers=PAGE) as client:
        yield client


def csrf_of(answer: httpx.Response) -> str:
    return str(re.findall(r'name="csrf" value="([0-9a-f]{64})"', answer.text)[0])


async def sign_in(visitor: httpx.AsyncClient, secret: str, way_back: str = "/") -> httpx.Response:
    csrf = csrf_of(await visitor.get("/ui/sign-in"))
    return await visitor.post("/ui/sign-in", data={"csrf": csrf, "key": secret, "way_back": way_back})


async def test_who_signs_in_is_led_back_and_stays(api: Api, visitor: httpx.AsyncClient) -> None:
    refused = await visitor.get("/ui/nothing?page=2")
    assert (refused.status_code, "WWW-Authenticate" in refused.headers) == (401, False)
    assert 'value="/ui/nothing?page=2"' in refused.text
    answer = await sign_in(visitor, api.secret, "/ui/nothing?page=2")
    assert (answer.status_code, answer.headers["location"]) == (303, "/ui/nothing?page=2")
    cookie = answer.headers["set-cookie"].lower()
    assert all(part in cookie for part in ("httponly", "samesite=strict", "path=/;", "max-age=43200"))
    assert "secure" not in cookie
    assert api.secret not in cookie
    page = await visitor.get("/")
    assert (page.status_code, "Playground" in page.text) == (200, True)
    assert (await visitor.get("/ui/nothing")).status_code == 404


async def test_behind_https_the_cookie_is_for_https_alone(api: Api, visitor: httpx.AsyncClient) -> None:
    csrf = csrf_of(await visitor.get("/ui/sign-in"))
    headers = {"Origin": api.url.replace("http://", "https://"), "Sec-Fetch-Site": "same-origin"}
    answer = await visitor.post("/ui/sign-in", data={"csrf": csrf, "key": api.secret}, headers=headers)
    assert "; Secure" in answer.headers["set-cookie"]


async def test_a_wrong_key_does_not_sign_in(api: Api, visitor: httpx.AsyncClient) -> None:
    for secret in ("", "pm_wrong", "x" * 5000, "é"):
        answer = await sign_in(visitor, secret)
        assert (answer.status_code, "pagemill-sign-in" in answer.headers.get("set-cookie", "")) == (401, False)
        assert "not known" in answer.text
        assert not secret or f'"{secret}"' not in answer.text
    assert (await visitor.get("/")).status_code == 401


@pytest.mark.parametrize(
    "way_back", ["https://evil.test/", "//evil.test", "/\\evil.test", "/\t/evil.test", "javascript:x"]
)
async def test_the_way_back_is_a_path_of_ours(api: Api, visitor: httpx.AsyncClient, way_back: str) -> None:
    assert (await sign_in(visitor, api.secret, way_back)).headers["location"] == "/"


async def test_who_signs_out_is_out_whatever_cookie_they_keep(api: Api, visitor: httpx.AsyncClient) -> None:
    await sign_in(visitor, api.secret)
    token = visitor.cookies["pagemill-sign-in"]
    csrf = csrf_of(await visitor.get("/"))
    assert (await visitor.post("/ui/sign-out", data={"csrf": csrf})).status_code == 303
    assert "pagemill-sign-in" not in visitor.cookies
    visitor.cookies.set("pagemill-sign-in", token)
    assert (await visitor.get("/")).status_code == 401


async def test_a_sign_in_ends_with_its_time(api: Api, visitor: httpx.AsyncClient, database: Database) -> None:
    await sign_in(visitor, api.secret)
    await database.rows("UPDATE sign_ins SET expires_at = now() - interval '1 second'")
    assert (await visitor.get("/")).status_code == 401
    assert await delete_expired_sign_ins(database, 10) == 0
    await database.rows("UPDATE sign_ins SET expires_at = now() - interval '2 hours'")
    assert await delete_expired_sign_ins(database, 10) == 1


async def test_a_sign_in_ends_with_its_key(api: Api, visitor: httpx.AsyncClient, database: Database) -> None:
    await sign_in(visitor, api.secret)
    await Keys(database).revoke(api.key_id)
    assert (await visitor.get("/")).status_code == 401
    assert (await sign_in(visitor, api.secret)).status_code == 401
    assert await database.rows("SELECT * FROM sign_ins") == []


async def test_the_token_is_not_in_the_database(api: Api, visitor: httpx.AsyncClient, database: Database) -> None:
    await sign_in(visitor, api.secret)
    [row] = await database.rows("SELECT sign_ins::text AS text FROM sign_ins")
    assert visitor.cookies["pagemill-sign-in"] not in row["text"]


async def test_beyond_the_limit_the_oldest_are_signed_out(settings: Settings, key: tuple[str, str]) -> None:
    async with (
        serving(settings.changed(sign_ins_per_key=2), key) as api,
        httpx.AsyncClient(base_url=api.url, headers=PAGE) as client,
    ):
        tokens = []
        for _ in range(3):
            await sign_in(client, api.secret)
            tokens.append(client.cookies["pagemill-sign-in"])
            client.cookies.clear()
        statuses = [
            (await client.get("/", headers={"Cookie": f"pagemill-sign-in={token}"})).status_code for token in tokens
        ]
        assert statuses == [401, 200, 200]


async def test_a_change_needs_the_token_of_this_very_sign_in(api: Api, visitor: httpx.AsyncClient) -> None:
    await sign_in(visitor, api.secret)
    own = csrf_of(await visitor.get("/"))
    async with httpx.AsyncClient(base_url=api.url, headers=PAGE) as other:
        await sign_in(other, api.secret)
        others = csrf_of(await other.get("/"))
    assert own != others
    for data in ({}, {"csrf": ""}, {"csrf": others}, {"csrf": own[:-1]}, {"csrf": "é"}):
        assert (await visitor.post("/ui/sign-out", data=data)).status_code == 403, data
    for header in ("", others):
        assert (await visitor.post("/ui/sign-out", headers={"X-CSRF-Token": header})).status_code == 403
    assert (await visitor.get("/")).status_code == 200
    assert (await visitor.post("/ui/sign-out", headers={"X-CSRF-Token": own})).status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.test"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none", "Origin": "https://evil.test"},
    ],
)
async def test_a_change_from_another_site_is_refused(
    api: Api, visitor: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    csrf = csrf_of(await visitor.get("/ui/sign-in"))
    answer = await visitor.post("/ui/sign-in", data={"csrf": csrf, "key": api.secret}, headers=headers)
    assert answer.status_code == 403
    await sign_in(visitor, api.secret)
    csrf = csrf_of(await visitor.get("/"))
    assert (await visitor.post("/ui/sign-out", data={"csrf": csrf}, headers=headers)).status_code == 403
    assert (await visitor.get("/")).status_code == 200


async def test_a_link_on_another_site_leads_on_with_the_cookie(visitor: httpx.AsyncClient) -> None:
    """Browsers hold a SameSite=Strict cookie back at first; the page that asks for a key loads again by itself."""
    answer = await visitor.get("/ui/nothing", headers={"Sec-Fetch-Site": "cross-site"})
    assert '<meta http-equiv="refresh" content="0; url=/ui/nothing">' in answer.text
    assert "http-equiv" not in (await visitor.get("/ui/nothing")).text


async def test_a_module_is_told_in_json(visitor: httpx.AsyncClient) -> None:
    answer = await visitor.get("/", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")


async def test_pages_carry_the_headers_that_keep_them_safe(api: Api, visitor: httpx.AsyncClient) -> None:
    await sign_in(visitor, api.secret)
    for path in ("/", "/ui/sign-in", "/ui/nothing"):
        headers = (await visitor.get(path)).headers
        policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
        assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == policy["form-action"] == "'self'"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cache-Control"] == "no-store"


async def test_a_form_that_cannot_be_read_is_refused(api: Api, visitor: httpx.AsyncClient) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for body in (b"key=%ff", b"\xff=1", b"key=%00", b"a=1&" * 2000):
        answer = await visitor.post("/ui/sign-in", content=body, headers=form)
        assert answer.status_code == 400, body[:10]
    assert (await visitor.get("/ui/%00")).status_code == 400


async def test_without_authentication_no_sign_in_is_asked_on_this_machine(
    settings: Settings, key: tuple[str, str]
) -> None:
    async with (
        serving(settings.changed(auth=False), key) as api,
        httpx.AsyncClient(base_url=api.url, headers=PAGE) as client,
    ):
        page = await client.get("/")
        assert (page.status_code, "Sign out" in page.text) == (200, False)
        [csrf] = re.findall(r'name="csrf-token" content="([0-9a-f]{64})"', page.text)
        assert re.findall(r'name="csrf-token" content="([0-9a-f]{64})"', (await client.get("/")).text) == [csrf]
        assert (await client.post("/ui/sign-out", headers={"X-CSRF-Token": "0"})).status_code == 403
        assert (await client.post("/ui/sign-out", headers={"X-CSRF-Token": csrf})).status_code == 303
        # A name of another site that leads to this machine.
        assert (await client.get("/", headers={"Host": "evil.test"})).status_code == 401
