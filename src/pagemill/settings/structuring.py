"""Structured JSON and the language model."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr

from pagemill.settings.group import Count, Seconds, SettingsGroup


class StructuringSettings(SettingsGroup):
    """Structured JSON and the language model."""

    llm_base_url: str | None = Field(
        None, description="A language model's server, OpenAI-compatible, up to and with `/v1`. Not set: no model."
    )
    llm_api_key: SecretStr | None = Field(None, description="The key for that server, where it asks for one.")
    llm_model: str | None = Field(None, description="The model's name on that server.")
    llm_timeout: Seconds = Field(60.0, description="How long one answer of the model may take, in seconds.")
    llm_retries: int = Field(
        2, ge=0, description="How often the model is asked again, with growing delay, when it is busy or fails."
    )
    llm_concurrency: Count = Field(4, description="Requests to the model at a time, for each worker.")
    llm_max_page_tokens: Annotated[int, Field(ge=200)] = Field(
        12_000, description="The longest part of a page that the model is given at once, in tokens."
    )
    llm_max_parts: Count = Field(4, description="The most parts of one page that are read; the rest is left out.")
    llm_max_answer_tokens: Count = Field(4096, description="The longest answer of the model, in tokens.")
    selector_retention_days: Annotated[float, Field(gt=0)] = Field(
        90.0, description="Days after which learnt selectors are deleted, counted from when they were learnt."
    )
    json_strict: bool = Field(
        False, description="Whether values that the page does not say are left out of structured JSON."
    )
