"""What requests may ask for, and how they are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagemill.api.wire.request_validation import checked_url, page_url, receiver_url
from pagemill.api.wire.scrape_request import ScrapeRequest
from pagemill.errors import InvalidUrlError
from pagemill.jobs.queue.store import JobStore
from pagemill.model import Format
from pagemill.settings import Settings

if TYPE_CHECKING:
    from tests.api.conftest import Api

    from pagemill.jobs.database.pool import Database

URL = "https://example.com/"
HIDDEN = "s3cret"


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com",
        "HTTPS://Example.COM:8443/a?b=c#d",
        "http://user:password@example.com/",
        "http://127.0.0.1:8000/",
        "http://[::1]/",
        "https://bücher.example/straße",
        "http://example.com/a b",
    ],
)
def test_a_web_address_is_taken_as_it_is(url: str) -> None:
    assert checked_url(f" \t{url}\r\n", "url", 100) == url


@pytest.mark.parametrize(
    "url",
    ["example.com", "example.com:8080/a?b=c://d#e", "bücher.example/", "127.0.0.1/x", "localhost:8000", "a.example."],
)
def test_a_page_without_a_scheme_is_taken_as_https(url: str) -> None:
    assert page_url(f" {url}\n", "url", 100) == f"https://{url}"


@pytest.mark.parametrize("url", ["nothing", "/page", "//example.com/", "mailto:a@b.example", "a.example:b/", "a..b/"])
def test_what_begins_with_no_host_is_not_completed(url: str) -> None:
    with pytest.raises(InvalidUrlError):
        page_url(url, "url", 100)


@pytest.mark.parametrize(
    "url",
    [
        *(
            "",
            " ",
            "example.com",
            "/page",
            "//example.com/",
            "http://",
            "http://a b/",
            "http://a:99999/",
            "http://%00/",
        ),
        *("ftp://example.com/", "file:///etc/passwd", "javascript:alert(1)", "data:text/html,x", "mailto:a@b.example"),
        *("http://exam\nple.com/", "http://example.com/\x00", "http://example.com/\x7f", f"http://a/{'b' * 100}"),
    ],
)
def test_anything_else_is_refused(url: str) -> None:
    with pytest.raises(InvalidUrlError) as refusal:
        checked_url(url, "urls[7]", 100)
    assert "`urls[7]`" in refusal.value.message


@pytest.mark.parametrize("url", [f"ftp://user:{HIDDEN}@a", f"http://user:{HIDDEN}@a b/", f"{HIDDEN}\x00", HIDDEN * 99])
def test_a_refusal_does_not_repeat_the_url(url: str) -> None:
    with pytest.raises(InvalidUrlError) as refusal:
        checked_url(url, "url", 100)
    assert HIDDEN not in refusal.value.message


@given(st.text(max_size=50))
def test_any_text_is_taken_or_refused(text: str) -> None:
    try:
        url = checked_url(text, "url", 40)
    except InvalidUrlError:
        return
    assert url == text.strip()
    assert url.lower().startswith(("http:", "https:"))
    assert "\x00" not in url


def test_a_receiver_is_written_in_one_way() -> None:
    settings = Settings(max_url_length=100)
    assert receiver_url(" HTTP://EXAMPLE.com:80/a b#c ", "url", settings) == "http://example.com/a%20b"
    with pytest.raises(InvalidUrlError, match="`webhook_url`"):
        receiver_url("ftp://example.com/", "webhook_url", settings)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "2130706433", "0x7f.1", "[::1]", "[::ffff:10.0.0.1]", "169.254.169.254", "localhost", "a.localhost."],
)
def test_a_receiver_that_is_not_public_is_refused_unless_its_network_is_open(host: str) -> None:
    with pytest.raises(InvalidUrlError, match=r"`url`.*PAGEMILL_ALLOWED_NETWORKS"):
        receiver_url(f"http://{host}:8000/hook", "url", Settings())
    opened = Settings(allowed_networks="127.0.0.0/8,::/8,169.254.169.254", port=9000)
    assert receiver_url(f"http://{host}:8000/hook", "url", opened).endswith(":8000/hook")
    if "127" in host or "localhost" in host:
        with pytest.raises(InvalidUrlError, match="Port 9000"):
            receiver_url(f"http://{host}:9000/hook", "url", opened)


WRONG_KINDS: list[tuple[dict[str, Any], str]] = [
    ({"url": 5}, "`url`"),
    ({"url": None}, "`url`"),
    ({"url": [URL]}, "`url`"),
    ({}, "`url`"),
    ({"url": URL, "country": 49}, "`country`"),
    ({"url": URL, "country": "usa"}, "`country`"),
    ({"url": URL, "country": "zz"}, "`country`"),
    ({"url": URL, "country": " "}, "`country`"),
    ({"url": URL, "webhookUrl": 1}, "`webhookUrl`"),
    ({"url": URL, "useBrowser": "false"}, "`useBrowser`"),
    ({"url": URL, "useBrowser": 0}, "`useBrowser`"),
    ({"url": URL, "generateJson": 1}, "`generateJson`"),
    ({"url": URL, "forceFresh": "yes"}, "`forceFresh`"),
    ({"url": URL, "formats": "html"}, "`formats`"),
    ({"url": URL, "formats": ["html", "pdf"]}, "`formats[1]`"),
    ({"url": URL, "formats": [None]}, "`formats[0]`"),
    ({"url": URL, "formats": {"html": True}}, "`formats`"),
    ({"url": URL, "outputSchema": "{}"}, "`outputSchema`"),
    ({"url": URL, "actions": {"type": "wait"}}, "`actions`"),
    ({"url": URL, "actions": ["wait"]}, "`actions[0]`"),
    ({"url": URL, "actions": [{}] * 16}, "`actions`"),
    ({"url": URL, "actions": [{"type": "dance"}]}, "`actions[0]` is not valid: its 'type' is none of 'wait', "),
    ({"url": URL, "actions": [{"selector": "a"}]}, "`actions[0]` is not valid: it needs a 'type'."),
    *(
        (
            {"url": URL, "actions": [{"type": "wait", "milliseconds": 1}, {"type": "click", "selector": selector}]},
            "`actions[1].click.selector` is not valid: it is no CSS selector",
        )
        for selector in (
            "text=Go",
            "xpath=//a",
            "//a",
            "a >> b",
            'a:has-text("x")',
            "a:visible",
            "role=button",
            "internal:role=button",
            "#1a",
            "a,",
            "a[",
            " ",
            "id=x",
            ":nth-match(a, 2)",
        )
    ),
    ({"url": URL, "actions": [{"type": "wait"}]}, "milliseconds`"),
    ({"url": URL, "actions": [{"type": "wait", "milliseconds": -1}]}, "milliseconds`"),
    ({"url": URL, "actions": [{"type": "wait", "milliseconds": 1.5}]}, "milliseconds`"),
    ({"url": URL, "actions": [{"type": "scroll"}, {"type": "click"}]}, "`actions[1].click.selector`"),
    ({"url": URL, "actions": [{"type": "scroll", "direction": "left"}]}, "direction`"),
    ({"url": URL, "actions": [{"type": "press", "key": "No Key"}]}, "key`"),
    ({"url": URL, "headers": ["a"]}, "`headers`"),
    ({"url": URL, "headers": {"a": 1}}, "`headers.a`"),
    ({"url": URL, "headers": {"a b": "c"}}, "`headers`"),
    ({"url": URL, "headers": {"a": "b\r\nc: d"}}, "`headers`"),
    ({"url": URL, "headers": {"Host": "inside"}}, "`headers.Host`"),
    ({"url": URL, "cookies": "a=b"}, "`cookies"),
    ({"url": URL, "cookies": [{"name": "a"}]}, "`cookies"),
    ({"url": URL, "cookies": [{"name": "a", "value": "b"}, {"name": "a;", "value": "b"}]}, "`cookies[1]`"),
    ({"url": URL, "cookies": {"a": "b\tc"}}, "`cookies[0]`"),
    ({"url": URL, "userAgent": 1}, "`userAgent`"),
    ({"url": URL, "userAgent": "a\nb"}, "`userAgent`"),
    ({"url": URL, "timeout": 0}, "`timeout`"),
    ({"url": URL, "timeout": "5"}, "`timeout`"),
    ({"url": URL, "waitFor": -1}, "`waitFor`"),
    ({"url": URL, "onlyMainContent": "no"}, "`onlyMainContent`"),
    ({"url": URL, "includeTags": "p"}, "`includeTags`"),
    ({"url": URL, "includeComments": "yes"}, "`includeComments`"),
    ({"url": URL, "links": "none of them"}, "`links`"),
    ({"url": URL, "links": True}, "`links`"),
    ({"url": URL, "images": "no"}, "`images`"),
    ({"url": URL, "frontMatter": 1}, "`frontMatter`"),
    ({"url": URL, "maxTokens": 49}, "`maxTokens`"),
    ({"url": URL, "maxTokens": -1}, "`maxTokens`"),
    ({"url": URL, "maxTokens": 1000.5}, "`maxTokens`"),
    ({"url": URL, "maxTokens": "1000"}, "`maxTokens`"),
    ({"url": URL, "maxTokens": 10**9}, "`maxTokens`"),
    ({"url": URL, "excludeTags": ["p", "p[["]}, "`excludeTags[1]`"),
    ({"url": URL, "sessionId": 1}, "`sessionId`"),
    ({"url": URL, "sessionName": False}, "`sessionName`"),
    ({"url": URL, "webhook_url": 1}, "`webhook_url`"),
]


async def test_a_field_of_the_wrong_kind_is_named(api: Api) -> None:
    for fields, name in WRONG_KINDS:
        answer = await api.client.post("/v1/url-scraper", json=fields)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request"), fields
        assert name in answer.json()["message"], fields


WRONG_URLS: list[tuple[object, str]] = [
    (None, "`urls`"),
    (URL, "`urls`"),
    ([], "`urls`"),
    ([URL, 7], "`urls[1]`"),
    ([[URL]], "`urls[0]`"),
]


async def test_the_urls_of_a_batch_are_checked(api: Api) -> None:
    for urls, name in WRONG_URLS:
        answer = await api.client.post("/v1/url-scraper/batch", json={"urls": urls})
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request"), urls
        assert name in answer.json()["message"], urls


SESSIONS: list[tuple[dict[str, Any], int, str]] = [
    ({"sessionId": "sess_1"}, 404, "`sessionId`"),
    ({"sessionName": "shop"}, 404, "`sessionName`"),
    ({"sessionName": "shop", "saveSession": "another"}, 404, "`sessionName`"),
    ({"sessionName": "shop", "sessionId": "sess_1"}, 400, "`sessionId`"),
    ({"saveSession": True}, 400, "`saveSession`"),
    ({"saveSession": True, "sessionId": "sess_1"}, 400, "`saveSession`"),
    ({"saveSession": 1}, 400, "`saveSession`"),
    ({"saveSession": "a\n"}, 400, "`saveSession`"),
    ({"sessionName": "x" * 101}, 400, "`sessionName`"),
]


async def test_a_session_that_is_not_there_or_cannot_be_is_refused(api: Api) -> None:
    for fields, status, name in SESSIONS:
        single = await api.client.post("/v1/url-scraper", json={"url": URL, **fields})
        batch = await api.client.post("/v1/url-scraper/batch", json={"urls": [URL], **fields})
        for answer in (single, batch):
            code = "not_found" if status == 404 else "invalid_request"
            assert (answer.status_code, answer.json()["code"]) == (status, code), fields
            assert name in answer.json()["message"], fields


UNUSABLE_SCHEMAS: list[tuple[dict[str, Any], str]] = [
    ({"type": "objekt"}, "at /type"),
    ({"$ref": "https://a.example/schema.json"}, "https://a.example/schema.json"),
    ({"properties": {"a": {"pattern": "("}}}, "/properties/a/pattern"),
    ({"title": "x" * 70_000}, "bytes"),
]


async def test_a_schema_that_cannot_be_used_is_refused_naming_the_fault(api: Api) -> None:
    for schema, fault in UNUSABLE_SCHEMAS:
        single = await api.client.post("/v1/url-scraper", json={"url": URL, "outputSchema": schema})
        batch = await api.client.post("/v1/url-scraper/batch", json={"urls": [URL], "outputSchema": schema})
        for answer in (single, batch):
            assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request"), schema
            assert "`outputSchema`" in answer.json()["message"]
            assert fault in answer.json()["message"]


ASKING_FOR_JSON: list[dict[str, Any]] = [
    {"generateJson": True},
    {"generateJson": False, "outputSchema": {"type": "object"}},
    {"outputSchema": {}},
    {"formats": ["html", "json"]},
]


async def test_json_can_be_asked_for_in_each_way(api: Api, database: Database) -> None:
    for fields in ASKING_FOR_JSON:
        job = await JobStore(database).get(await api.submit(URL, **fields), api.key_id)
        assert job is not None
        assert Format.JSON in job.options.formats, fields
        assert (job.options.output_schema is not None) == ("outputSchema" in fields), fields


async def test_null_and_unknown_fields_are_nothing(api: Api) -> None:
    nothing = dict.fromkeys(
        ["country", "formats", "forceFresh", "useBrowser", "generateJson", "outputSchema", "actions", "sessionId"]
    )
    unknown = {"callback": "https://example.com/", "use_browser": True, "timeout": 5}
    empty = {"actions": [], "sessionName": "", "webhook_url": "", "useBrowser": False}
    await api.submit(URL, **{**nothing, **unknown, **empty})
    await api.submit(URL, URL, **{**nothing, **unknown, **empty})


NO_OBJECTS = [
    b"",
    b"{",
    b"null",
    b"[]",
    b'"text"',
    b'{"url": NaN}',
    b'{"url": "\\ud800"}',
    b'{"url": "\xff"}',
    b"[" * 100_000,
]


async def test_a_body_that_is_no_json_object_is_refused(api: Api) -> None:
    for body in NO_OBJECTS:
        answer = await api.client.post("/v1/url-scraper", content=body, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request"), body


OTHER_TYPES = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]


async def test_the_body_must_be_sent_as_json(api: Api) -> None:
    body = b'{"url": "https://example.com/"}'
    for content_type in OTHER_TYPES:
        answer = await api.client.post("/v1/url-scraper", content=body, headers={"Content-Type": content_type})
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request"), content_type
        assert "Content-Type: application/json" in answer.json()["message"], content_type


@pytest.mark.parametrize(
    "selector",
    [
        "a",
        "#a > b:not(.c)",
        'a[href^="x >> y"]',
        "input:placeholder-shown",
        "li:nth-child(2n+1)",
        r"#\31 a",
        "[id='#1']",
    ],
)
def test_selectors_of_css_are_taken(selector):
    request = ScrapeRequest.model_validate({"url": URL, "actions": [{"type": "click", "selector": selector}]})
    assert request.actions[0].selector == selector
