"""A Ray of this machine's own, started as Ray starts slowly on a busy one.

`ray.init` waits for its processes half a minute, which is less than they may take there. What is started here may take
longer, and is ended with all its processes.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_PORTS = (
    *("port", "node-manager-port", "object-manager-port", "runtime-env-agent-port", "dashboard-agent-grpc-port"),
    *("dashboard-agent-listen-port", "metrics-export-port"),
)
_SECONDS = 240


@contextlib.contextmanager
def ray_cluster(python: str = sys.executable) -> Iterator[dict[str, str]]:
    """Run a Ray of two cores by this Python, and give the environment of programs that are to use it."""
    ports = dict(zip(_PORTS, _free_ports(len(_PORTS)), strict=True))
    environment = {**os.environ, "RAY_raylet_start_wait_time_s": str(_SECONDS)}
    words = [
        *("start", "--head", "--block", "--num-cpus", "2", "--include-dashboard", "false", "--node-ip-address"),
        *("127.0.0.1", "--object-store-memory", str(200 * 1024 * 1024), "--disable-usage-stats"),
        *(f"--{name}={port}" for name, port in ports.items()),
    ]
    with tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as folder:
        yield from _run(python, [*words, "--temp-dir", folder], environment, f"127.0.0.1:{ports['port']}")


def _run(python: str, words: Sequence[str], environment: dict[str, str], address: str) -> Iterator[dict[str, str]]:
    process = subprocess.Popen(
        [Path(python).with_name("ray"), *words],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        said = []
        for line in process.stdout or ():
            said.append(line)
            if "Ray runtime started" in line:
                break
        else:
            raise RuntimeError("".join(said))
        yield {**environment, "RAY_ADDRESS": address}
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        try:
            process.communicate(timeout=30)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
