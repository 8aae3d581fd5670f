"""Checks the language model's server, where one is set."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import orjson

from pagemill.cli.doctor.finding import Finding, failed, ok, warning

if TYPE_CHECKING:
    from pagemill.settings import Settings

_CHECK = "language model"
_UNAUTHORIZED = (401, 403)


async def check_language_model(settings: Settings) -> Finding:
    """Whether the server answers, takes the key and knows the model. Nothing is generated."""
    group = settings.structuring
    if group.llm_base_url is None:
        return ok(_CHECK, "none set: JSON comes from pages' markup alone")
    openai: Any = importlib.import_module("openai")
    key = group.llm_api_key.get_secret_value() if group.llm_api_key else "none"
    async with openai.AsyncOpenAI(
        base_url=group.llm_base_url, api_key=key, timeout=settings.fetching.connect_timeout, max_retries=0
    ) as client:
        try:
            response = await client.models.with_raw_response.list()
        except openai.APIStatusError as error:
            return _refused(error.status_code)
        except openai.OpenAIError as error:
            hint = "Check PAGEMILL_LLM_BASE_URL, and that the server runs."
            return failed(_CHECK, f"The server does not answer: {error.__cause__ or error}.", hint)
    known = _models(response.http_response.content)
    if known is None:
        hint = "Check PAGEMILL_LLM_BASE_URL, which ends with /v1."
        return failed(_CHECK, "What answers is no server of language models.", hint)
    if group.llm_model and group.llm_model not in known:
        hint = "Check PAGEMILL_LLM_MODEL."
        return warning(_CHECK, f"The server does not list the model {group.llm_model}.", hint)
    return ok(_CHECK, f"the server answers and lists {len(known)} models")


def _refused(status: int) -> Finding:
    if status in _UNAUTHORIZED:
        return failed(_CHECK, f"The server refuses the key (status {status}).", "Check PAGEMILL_LLM_API_KEY.")
    hint = "Some servers have no list of models; otherwise check PAGEMILL_LLM_BASE_URL, which ends with /v1."
    return warning(_CHECK, f"The server answers the list of models with status {status}.", hint)


def _models(body: bytes) -> set[str] | None:
    """The names in a list of models; None for a body that is none."""
    try:
        return {str(model["id"]) for model in orjson.loads(body)["data"]}
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
