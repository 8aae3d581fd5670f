"""Checks the settings: names that are none, values that are not valid, values that contradict each other."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pagemill.cli.doctor.finding import Finding, failed, ok, warning
from pagemill.cli.settings_check import (
    allows_open_access,
    check_settings,
    invalid_variables,
    read_settings,
    unknown_variables,
)
from pagemill.errors import UsageError
from pagemill.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_CHECK = "settings"
_LIST = "docs/settings.md lists all settings."


def read_valid_settings() -> tuple[Settings, list[Finding]]:
    """Return the settings, with defaults in place of values that are not valid, and a finding for each of those."""
    findings = []
    while faults := {name: fault for name, fault in invalid_variables().items() if name in os.environ}:
        for name, fault in faults.items():  # of one group: others may follow
            findings.append(failed(_CHECK, f"{name} is not valid: {fault}.", "Correct it, or unset it."))
            del os.environ[name]
    settings = Settings()
    try:
        read_settings()
    except UsageError as error:
        findings.append(failed(_CHECK, error.message, "Correct it, or unset it."))
    return settings, findings


def check_configuration(settings: Settings) -> list[Finding]:
    """What is odd about the settings; one line that all is well where nothing is."""
    found = [*_unknown_names(), *_unusable_values(settings), *_contradictions(settings)]
    if found:
        return found
    names = Settings.by_name()
    count = sum(name.upper() in os.environ for name in (f"PAGEMILL_{name}" for name in names))
    return [ok(_CHECK, f"{count} set, nothing unknown and no contradiction")]


def _unknown_names() -> Iterator[Finding]:
    for name, nearest in unknown_variables():
        hint = f"Did you mean {nearest}?" if nearest else _LIST
        yield warning(_CHECK, f"{name} is no setting and is ignored.", hint)


def _unusable_values(settings: Settings) -> Iterator[Finding]:
    try:
        check_settings(settings)
    except UsageError as error:
        yield failed(_CHECK, error.message, "Correct it, or unset it.")
    if not allows_open_access(settings):
        yield failed(
            _CHECK,
            f"PAGEMILL_AUTH is off, and PAGEMILL_HOST is {settings.service.host}: anyone could use the service.",
            "Listen on 127.0.0.1, or leave authentication on.",
        )


def _contradictions(settings: Settings) -> Iterator[Finding]:
    for contradicts, message, hint in _RULES:
        if contradicts(settings):
            yield warning(_CHECK, message, hint)
    if settings.jobs.worker_timeout <= settings.jobs.worker_heartbeat:
        yield failed(
            _CHECK,
            "PAGEMILL_WORKER_TIMEOUT is not longer than PAGEMILL_WORKER_HEARTBEAT: live workers count as dead.",
            "Make it several times as long.",
        )


def _set(*names: str) -> bool:
    return any(os.environ.get(f"PAGEMILL_{name}") for name in names)


_Rule = tuple["Callable[[Settings], bool]", str, str]
_RULES: tuple[_Rule, ...] = (
    (
        lambda settings: settings.structuring.llm_base_url is None and _set("LLM_MODEL", "LLM_API_KEY"),
        "A model or its key is set without PAGEMILL_LLM_BASE_URL: no model is used.",
        "Set the server's URL too.",
    ),
    (
        lambda settings: settings.structuring.llm_base_url is not None and not settings.structuring.llm_model,
        "PAGEMILL_LLM_BASE_URL is set without PAGEMILL_LLM_MODEL.",
        "Name the model, unless the server has only one.",
    ),
    (
        lambda settings: settings.search.search_service is None and _set("SEARCH_URL", "SEARCH_API_KEY"),
        "PAGEMILL_SEARCH_URL or PAGEMILL_SEARCH_API_KEY is set without PAGEMILL_SEARCH_SERVICE: nothing is searched.",
        "Name the service too.",
    ),
    (
        lambda settings: settings.fetching.connect_timeout > settings.fetching.fetch_timeout,
        "PAGEMILL_CONNECT_TIMEOUT is longer than PAGEMILL_FETCH_TIMEOUT, which ends first.",
        "Shorten it.",
    ),
    (
        lambda settings: settings.fetching.fetch_timeout > settings.jobs.job_deadline,
        "PAGEMILL_FETCH_TIMEOUT is longer than PAGEMILL_JOB_DEADLINE, which ends first.",
        "Shorten it, or extend the deadline.",
    ),
    (
        lambda settings: settings.fetching.retry_delay > settings.fetching.max_retry_delay,
        "PAGEMILL_RETRY_DELAY is longer than PAGEMILL_MAX_RETRY_DELAY.",
        "Shorten it.",
    ),
    (
        lambda settings: settings.browser.browser_recycle_memory > settings.browser.browser_max_memory,
        "PAGEMILL_BROWSER_RECYCLE_MEMORY is more than PAGEMILL_BROWSER_MAX_MEMORY: tabs are ended first.",
        "Lower it.",
    ),
    (
        lambda settings: settings.connections.max_connections_per_address > settings.connections.max_connections,
        "PAGEMILL_MAX_CONNECTIONS_PER_ADDRESS is more than PAGEMILL_MAX_CONNECTIONS.",
        "Lower it.",
    ),
    (
        lambda settings: settings.requests.max_schema_bytes > settings.requests.max_request_bytes,
        "PAGEMILL_MAX_SCHEMA_BYTES is more than PAGEMILL_MAX_REQUEST_BYTES: such a schema is never read.",
        "Lower it.",
    ),
    (
        lambda settings: settings.browser.browser_user is not None and os.geteuid() != 0,
        "PAGEMILL_BROWSER_USER is set, but only root can run Chromium as another user: it is ignored.",
        "Unset it.",
    ),
    (
        lambda settings: settings.service.host in ("0.0.0.0", "::") and settings.service.public_url is None,  # noqa: S104 - compared
        "PAGEMILL_PUBLIC_URL is not set, and the API listens on all addresses: links in webhooks lead nowhere.",
        "Set it to the URL that clients use.",
    ),
)
