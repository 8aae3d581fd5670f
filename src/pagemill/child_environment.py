"""The environment of child processes that touch hostile pages: what programs need to run, and nothing else.

Keys, database URLs and proxies stand in the environment of the service. A list of what passes on keeps out those that
nobody thought of.
"""

from __future__ import annotations

import os
from typing import Final

_PASSED_ON = frozenset(
    {"HOME", "LANG", "LANGUAGE", "LD_LIBRARY_PATH", "LOGNAME", "PATH", "PYTHONPATH", "SHELL", "SYSTEMROOT", "TEMP",
     "TMP", "TMPDIR", "TZ", "USER", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"}
)  # fmt: skip
_PASSED_ON_PREFIXES = ("DYLD_", "FONTCONFIG_", "LC_", "PLAYWRIGHT_", "PYTHON")

_AT_THE_START = ("GLIBC_TUNABLES", "LD_PRELOAD", "MALLOC_")
"""How variables begin that have their effect as a program is executed: on what is forked later, none."""

SERVICE_ENVIRONMENT: Final = os.environ
"""The environment of this process itself. While a browser's driver starts, `os.environ` is that of the driver."""


def child_environment(**changes: str) -> dict[str, str]:
    """Return the environment for a child process, with `changes`."""
    passed_on = {
        name: value
        for name, value in SERVICE_ENVIRONMENT.items()
        if name in _PASSED_ON or name.startswith(_PASSED_ON_PREFIXES)
    }
    return passed_on | changes


def fork_server_environment(**changes: str) -> dict[str, str]:
    """Return the environment for a fork server: what it forks gets another, but allocators and preloads stay."""
    at_the_start = {name: value for name, value in SERVICE_ENVIRONMENT.items() if name.startswith(_AT_THE_START)}
    # With threads of numpy's it could not be forked.
    return child_environment(OPENBLAS_NUM_THREADS="1", **at_the_start, **changes)
