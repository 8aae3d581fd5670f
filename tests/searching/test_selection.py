from __future__ import annotations

import pytest
from pydantic import ValidationError

from pagemill.errors import OperatorError
from pagemill.searching.searcher import Searcher
from pagemill.searching.selection import selected_adapter
from pagemill.settings import Settings


def test_none_is_set_at_first(settings):
    assert selected_adapter(settings) is None
    assert not Searcher(settings)


@pytest.mark.parametrize(
    ("changes", "variable"),
    [
        ({"search_service": "searxng"}, "PAGEMILL_SEARCH_URL"),
        ({"search_service": "brave"}, "PAGEMILL_SEARCH_API_KEY"),
        ({"search_service": "perplexity"}, "PAGEMILL_SEARCH_API_KEY"),
        ({"search_service": "serper"}, "PAGEMILL_SEARCH_API_KEY"),
        ({"search_service": "serper", "search_api_key": "two\nlines"}, "PAGEMILL_SEARCH_API_KEY"),
        ({"search_service": "serper", "search_api_key": "schlüssel"}, "PAGEMILL_SEARCH_API_KEY"),
    ],
)
def test_what_is_missing_is_named(settings, changes, variable):
    with pytest.raises(OperatorError, match=f"^{variable}: ") as caught:
        selected_adapter(settings.changed(**changes))
    assert changes.get("search_api_key", "\0") not in caught.value.message


@pytest.mark.parametrize(
    ("service", "url"),
    [
        ("brave", "https://api.search.brave.com/res/v1/web/search"),
        ("perplexity", "https://api.perplexity.ai/search"),
        ("serper", "https://google.serper.dev/search"),
    ],
)
def test_a_service_has_its_own_address(settings, service, url):
    adapter = selected_adapter(settings.changed(search_service=service, search_api_key="s3cret"))
    request = adapter.request("mills", 3)
    assert request.url == url
    assert any("s3cret" in value for value in request.headers.values())
    assert "s3cret" not in repr(request)


@pytest.mark.parametrize(
    ("name", "value"),
    [("SEARCH_SERVICE", "bing"), ("SEARCH_URL", "searxng:8080"), ("SEARCH_URL", "file:///etc/passwd"),
     ("SEARCH_URL", "http://"), ("SEARCH_URL", "http://searx ng/"), ("SEARCH_URL", "http://[::1/")],
)  # fmt: skip
def test_settings_that_make_no_sense_are_refused(monkeypatch, name, value):
    monkeypatch.setenv(f"PAGEMILL_{name}", value)
    with pytest.raises(ValidationError, match=name.lower()):
        Settings()
