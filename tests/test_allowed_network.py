from __future__ import annotations

import pytest
from pydantic import ValidationError

from pagemill.settings import Settings


@pytest.mark.parametrize(
    "text", ["10.0.0.0/8:0", "10.0.0.0/8:65536", "10.0.0.0/8:", "[::1", "[::1]8000", "10.0.0.0/8:x", "x:80"]
)
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        Settings(allowed_networks=text)


@pytest.mark.parametrize(
    ("text", "network", "port"),
    [
        ("10.0.0.1", "10.0.0.1/32", None),
        ("10.0.0.7/8", "10.0.0.0/8", None),
        ("10.0.0.1:8000", "10.0.0.1/32", 8000),
        ("10.0.0.0/8:443", "10.0.0.0/8", 443),
        ("::1", "::1/128", None),
        ("fd00::/8", "fd00::/8", None),
        ("[fd00::/8]", "fd00::/8", None),
        ("[fd00::/8]:8000", "fd00::/8", 8000),
    ],
)
def test_a_network_may_name_a_port(text: str, network: str, port: int | None) -> None:
    [allowed] = Settings(allowed_networks=text).egress.allowed_networks
    assert (str(allowed.network), allowed.port) == (network, port)
