"""Which cookies of a session go with a request for a document, and to whom."""

import json

from tests.fetching.conftest import make_settings
from tests.web.http_server import HttpServer, Response, redirect

from pagemill.fetching.http.fetcher import HttpFetcher
from pagemill.fetching.http.request_options import RequestFields
from pagemill.fetching.http.session_cookies import session_cookie_lines
from pagemill.model import SessionState


def cookie(name, value="1", domain="127.0.0.1", **more):
    return {"name": name, "value": value, "domain": domain, "path": "/", "expires": -1, "secure": False, **more}


def fields_of(*cookies):
    state = SessionState(json.dumps({"cookies": cookies, "origins": []}).encode())
    return RequestFields(session_cookies=session_cookie_lines(state))


async def test_each_cookie_goes_to_its_own_host_path_and_scheme():
    fields = fields_of(
        cookie("kept", "a=b c"),
        cookie("later", expires=4_000_000_000.5),
        cookie("expired", expires=1.0),
        cookie("deep", path="/deep"),
        cookie("other", domain="127.0.0.2"),
        cookie("below", domain=".example.com"),
        cookie("secure", domain="127.0.0.2", secure=True),
        cookie("of-frame", partitionKey="https://elsewhere.example"),
        cookie("of-site", partitionKey="http://127.0.0.1"),
        cookie("", "nameless"),
        cookie("tab", "a\tb"),
    )
    async with (
        HttpServer({"/": redirect("/deep/x"), "/deep/x": Response(b"<p>deep</p>")}) as first,
        HttpServer(host="127.0.0.2") as second,
        HttpFetcher(make_settings()) as fetcher,
    ):
        second.routes["/"] = redirect(first.url("/"))
        await fetcher.fetch(second.url("/"), fields=fields)
        await fetcher.fetch(first.url("/"))
    [asked] = second.requests
    assert asked.headers["cookie"] == "other=1"
    root, deep, without, _ = [
        set(request.headers["cookie"].split("; ")) if "cookie" in request.headers else None
        for request in first.requests
    ]
    assert root == {"kept=a=b c", "later=1", "of-site=1"}
    assert deep == root | {"deep=1"}
    assert without is None


def test_cookies_are_in_no_text_about_the_request():
    assert "s3cret" not in repr(fields_of(cookie("id", "s3cret")))
