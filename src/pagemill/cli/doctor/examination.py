"""Runs every check and prints what they found. No service need run, and one that runs is not disturbed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import orjson

from pagemill.cli.doctor.browser import check_browser
from pagemill.cli.doctor.configuration import check_configuration, read_valid_settings
from pagemill.cli.doctor.database import check_database
from pagemill.cli.doctor.finding import Finding, Status
from pagemill.cli.doctor.installation import check_compiled_code, check_python
from pagemill.cli.doctor.language_model import check_language_model
from pagemill.cli.doctor.network import check_dns, check_egress, check_port, check_proxies
from pagemill.cli.doctor.object_storage import check_object_storage
from pagemill.cli.doctor.storage import check_storage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pagemill.settings import Settings


async def examine() -> list[Finding]:
    """What every check found, in a fixed order."""
    settings, invalid = read_valid_settings()
    objects, slow = await asyncio.gather(check_object_storage(settings), _examine_slowly(settings))
    database, dns, proxies, model, port, browser = slow
    return [
        check_python(),
        check_compiled_code(),
        *invalid,
        *(each for each in check_configuration(settings) if not (invalid and each.status == Status.OK)),
        *check_storage(settings),
        *database,
        *objects,
        *check_egress(settings),
        dns,
        *proxies,
        port,
        *browser,
        model,
    ]


async def _examine_slowly(
    settings: Settings,
) -> tuple[list[Finding], Finding, list[Finding], Finding, Finding, list[Finding]]:
    return await asyncio.gather(
        check_database(settings),
        check_dns(settings),
        check_proxies(settings),
        check_language_model(settings),
        check_port(settings),
        check_browser(settings),
    )


def show(findings: Sequence[Finding], *, as_json: bool) -> int:
    """Print the findings, and return the command's exit code: 1 where anything failed."""
    fine = all(finding.status != Status.FAILED for finding in findings)
    if as_json:
        rows = [
            {"check": each.check, "status": each.status.value, "message": each.message, "hint": each.hint or None}
            for each in findings
        ]
        print(orjson.dumps({"ok": fine, "findings": rows}, option=orjson.OPT_INDENT_2).decode())
    else:
        for finding in findings:
            print(finding)
    return 0 if fine else 1
