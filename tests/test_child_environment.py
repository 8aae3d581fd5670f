from __future__ import annotations

import asyncio
from pathlib import Path

from pagemill.child_environment import child_environment, fork_server_environment
from pagemill.scraping.extractor_pool import ExtractorPool
from pagemill.settings import Settings


def test_only_what_is_listed_passes_on(monkeypatch):
    service = ("PAGEMILL_SECRET_KEY", "OPENAI_API_KEY", "HTTP_PROXY", "https_proxy", "PGPASSWORD", "DATABASE_URL")
    storage = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AZURE_STORAGE_ACCOUNT_KEY", "GOOGLE_SERVICE_ACCOUNT_KEY")
    search = ("PAGEMILL_SEARCH_API_KEY",)
    for name in service + storage + search:
        monkeypatch.setenv(name, "s3cret")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    environment = child_environment(EXTRA="1")
    assert "s3cret" not in environment.values()
    assert environment["LC_ALL"] == "C.UTF-8"
    assert environment["EXTRA"] == "1"
    assert "PATH" in environment


def test_what_works_at_the_start_of_a_program_passes_on_to_a_fork_server_alone(monkeypatch):
    monkeypatch.setenv("MALLOC_ARENA_MAX", "2")
    monkeypatch.setenv("PAGEMILL_SECRET_KEY", "s3cret")
    assert "MALLOC_ARENA_MAX" not in child_environment()
    environment = fork_server_environment(EXTRA="1")
    assert environment["MALLOC_ARENA_MAX"] == "2"
    assert environment["EXTRA"] == "1"
    assert "s3cret" not in environment.values()


async def test_extraction_processes_get_no_secrets(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "s3cret")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s3cret")
    monkeypatch.setenv("HTTPS_PROXY", "http://user:s3cret@proxy.example")
    async with ExtractorPool(Settings()) as pool:
        [process] = pool._idle
        environment = await asyncio.to_thread(Path(f"/proc/{process._process.pid}/environ").read_bytes)
    assert b"s3cret" not in environment
