from __future__ import annotations

import pytest

from pagemill.cli.sites.service import service_url


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8080"),
        ("0.0.0.0", "http://127.0.0.1:8080"),
        ("::", "http://[::1]:8080"),
        ("localhost", "http://localhost:8080"),
    ],
)
def test_the_service_on_this_machine_is_reached_whatever_it_listens_on(settings, host, url):
    assert service_url(settings.changed(host=host)) == url
