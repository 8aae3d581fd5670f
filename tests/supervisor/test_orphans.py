from __future__ import annotations

import os
import signal
import subprocess
import sys

import psutil
import pytest
from tests.forking.processes import runs

from pagemill.supervisor.orphans import adopt_orphans, child_pids, end_orphans

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")


def test_what_was_stopped_when_its_parent_died_is_ended_and_nothing_else():
    adopt_orphans()
    with subprocess.Popen(["sleep", "600"]) as other:
        others = child_pids()
        told = subprocess.run(
            ["sh", "-c", "sleep 600 >/dev/null & echo $!"], stdout=subprocess.PIPE, check=True, text=True
        ).stdout
        orphan = psutil.Process(int(told))
        os.kill(orphan.pid, signal.SIGSTOP)
        try:
            assert orphan.ppid() == os.getpid()
            end_orphans(others)
            assert not orphan.is_running()
            assert runs(psutil.Process(other.pid))
        finally:
            other.kill()
