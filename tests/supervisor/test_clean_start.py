from __future__ import annotations

import os
import subprocess
import sys

import pytest

from pagemill.forking.fork_server import can_fork

pytestmark = pytest.mark.skipif(not can_fork(), reason="needs pidfds")

# What is opened after the start gets the lowest free numbers, as the event loop of the service does.
_PROGRAM = """
import os, sys
from pagemill.supervisor.clean_start import start_clean
start_clean()
opened = os.pipe()
assert min(opened) > 2, opened
assert os.environ["PAGEMILL_TEST"] == "kept"
print("ready", flush=True)
os.write(opened[1], b"x")
assert os.read(opened[0], 9) == b"x"
"""


@pytest.mark.parametrize("closed", [">&-", "<&- >&- 2>&-"])
def test_streams_that_are_closed_are_taken_for_no_other_file(closed):
    done = subprocess.run(
        ["/bin/sh", "-c", f'exec "$0" -c "$1" {closed}', sys.executable, _PROGRAM],
        env={**os.environ, "PAGEMILL_TEST": "kept"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert not done.stdout
