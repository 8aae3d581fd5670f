from __future__ import annotations

import os

import pytest

from pagemill.cli.doctor.configuration import check_configuration, read_valid_settings
from pagemill.settings import Settings


@pytest.fixture(autouse=True)
def no_settings(monkeypatch):
    for name in [name for name in os.environ if name.startswith("PAGEMILL_")]:
        monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("variables", "status"),
    [
        ({}, "ok"),
        ({"WORKERS": "2", "LLM_BASE_URL": "http://m/v1", "LLM_MODEL": "m"}, "ok"),
        ({"WORKRES": "2"}, "warning"),
        ({"LLM_MODEL": "m"}, "warning"),
        ({"LLM_BASE_URL": "http://m/v1"}, "warning"),
        ({"SEARCH_SERVICE": "searxng", "SEARCH_URL": "http://s:8080"}, "ok"),
        ({"SEARCH_API_KEY": "k"}, "warning"),
        ({"SEARCH_SERVICE": "searxng", "SEARCH_API_KEY": "k"}, "failed"),
        ({"SEARCH_SERVICE": "brave"}, "failed"),
        ({"CONNECT_TIMEOUT": "40"}, "warning"),
        ({"JOB_DEADLINE": "10"}, "warning"),
        ({"RETRY_DELAY": "31"}, "warning"),
        ({"BROWSER_MAX_MEMORY": "1000"}, "warning"),
        ({"MAX_CONNECTIONS": "1000"}, "warning"),
        ({"MAX_SCHEMA_BYTES": "2000000"}, "warning"),
        ({"HOST": "0.0.0.0"}, "warning"),
        ({"HOST": "0.0.0.0", "PUBLIC_URL": "https://scrape.example"}, "ok"),
        ({"HOST": "192.0.2.1", "AUTH": "false"}, "failed"),
        ({"WORKER_TIMEOUT": "1"}, "failed"),
        ({"SECRET_KEY": "short"}, "failed"),
        ({"DNS_SERVERS": "one.one.one.one"}, "failed"),
        ({"CA_FILE": "/no/such/file"}, "failed"),
    ],
)
def test_settings_that_are_odd_are_told(variables, status, monkeypatch):
    for name, value in variables.items():
        monkeypatch.setenv(f"PAGEMILL_{name}", value)
    findings = check_configuration(Settings())
    assert [each.status.value for each in findings] == [status], findings


def test_every_value_that_is_not_valid_is_told_and_the_rest_is_read(monkeypatch):
    for name, value in {"WORKERS": "many", "PROXIES": "gopher://user:hunter2@x:1", "PORT": "8081"}.items():
        monkeypatch.setenv(f"PAGEMILL_{name}", value)
    settings, findings = read_valid_settings()
    assert [each.status.value for each in findings] == ["failed", "failed"]
    assert settings.service.port == 8081
    assert "hunter2" not in "".join(map(str, findings))
