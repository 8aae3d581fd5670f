"""`pagemill mcp` as a command."""

from __future__ import annotations

import asyncio
import json
import os
import sys

import pytest

from tests.api.conftest import unused_port
from tests.mcp.conftest import over_stdio, text_of

__all__ = ["unused_port"]

INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}},
}


@pytest.fixture
def run(tmp_path):
    async def run(*words, given=b"", **variables):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "pagemill", "mcp", *words),
            env={
                **{name: value for name, value in os.environ.items() if not name.startswith("PAGEMILL_")},
                "PAGEMILL_DATA_DIR": str(tmp_path),
                **variables,
            },
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        output, errors = await process.communicate(given)
        return process.returncode, output.decode(), errors.decode()

    return run


async def test_without_a_key_it_says_what_to_do(run):
    code, output, errors = await run()
    assert (code, output) == (2, "")
    assert "PAGEMILL_API_KEY" in errors


async def test_the_data_folder_has_a_key_for_the_service_on_this_machine(run, tmp_path):
    (tmp_path / "api-key").write_text("pm_first\n")
    code, output, errors = await run(given=json.dumps(INITIALIZE).encode() + b"\n")
    assert (code, errors) == (0, "")
    [answer] = map(json.loads, output.splitlines())
    assert answer["result"]["serverInfo"]["name"] == "pagemill"
    assert "data" in answer["result"]["instructions"]


async def test_a_service_that_does_not_answer_is_told(unused_port, tmp_path, monkeypatch):
    async with over_stdio(f"http://127.0.0.1:{unused_port}", "pm_some", tmp_path) as client:
        result = await client.call_tool("scrape", {"url": "https://a.example/"})
    assert result.is_error
    assert text_of(result).startswith("service_unreachable: ")
