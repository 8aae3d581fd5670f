"""What the processes of a service load: each module takes memory once for every process."""

from __future__ import annotations

import subprocess
import sys

import pytest

NAMES = ("httpx2", "jsonschema_rs", "numpy", "obstore", "openai", "playwright", "rich", "turbohtml")


def loaded(program):
    code = f"import sys\n{program}\nprint(*(name for name in {NAMES} if name in sys.modules))"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


START = "from pagemill import cli\nfrom pagemill import logs\ncli._parser()\n"


@pytest.mark.parametrize(
    ("module", "needed"),
    [
        ("pagemill.supervisor.supervisor", set()),
        ("pagemill.api.app", set()),
        ("pagemill.jobs.worker", set()),
        ("pagemill.scraping.extraction_process", {"turbohtml", "numpy"}),
    ],
)
def test_a_process_loads_no_more_than_it_needs(module, needed):
    assert loaded(f"{START}import {module}") == needed


def test_rich_is_there_where_it_is_asked_for():
    assert loaded(f"{START}import rich.console, structlog") == {"rich"}
