"""The operating-system account that Chromium runs under when the service is root.

As root, Chromium starts without its sandbox only. So the driver and Chromium run as another user then, where there is
one that may read their programs, and with the sandbox where this user may have one.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import pwd
import sys
from dataclasses import dataclass
from importlib import util
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from pagemill.child_environment import SERVICE_ENVIRONMENT, child_environment

if TYPE_CHECKING:
    from pagemill.settings import Settings

log = structlog.get_logger(__name__)

STAND_INS = ("pagemill-browser", "nobody")
"""The users that Chromium runs as in place of root, by preference."""
NODE = "PLAYWRIGHT_NODEJS_PATH"
"""The variable by which Playwright is told of another Node.js."""

# Becomes the user for good and says what that user may do: run these programs, and open the namespaces that Chromium's
# sandbox is made of.
_PROBE = """
import ctypes, json, os, sys
uid, gid, *programs = sys.argv[1:]
os.setgroups([]); os.setgid(int(gid)); os.setuid(int(uid))
may_run = all(os.access(program, os.R_OK | os.X_OK) for program in programs)
unshare = getattr(ctypes.CDLL(None), "unshare", lambda flags: -1)
newuser, newpid_newnet = 0x10000000, 0x20000000 | 0x40000000
print(json.dumps([may_run, unshare(newuser) == 0 and unshare(newpid_newnet) == 0]))
"""
_PROBE_TIMEOUT = 10.0


@dataclass(frozen=True, slots=True)
class Account:
    """Whom Chromium runs as."""

    name: str | None
    """The user; None for that of the service."""
    uid: int
    gid: int
    sandbox: bool
    """Whether Chromium's sandbox is on."""

    @property
    def warning(self) -> str | None:
        """What an operator must know of it; None where all is well."""
        if self.sandbox:
            return None
        if self.name is None:
            return (
                "Chromium runs as root without a sandbox: a page that breaks out of it owns this machine. "
                "Run the service as another user, or make one that may read its programs (see docs/fetching.md)."
            )
        return (
            f"Chromium runs as {self.name} without a sandbox, because the system lets this user have no namespaces: "
            "a page that breaks out of it has this user's rights."
        )


async def chromium_account(settings: Settings, executable: Path) -> Account:
    """Whom to run this Chromium as."""
    own = Account(None, os.geteuid(), os.getegid(), sandbox=os.geteuid() != 0)
    if own.sandbox or settings.browser.browser_user == "root":
        return own
    names = (settings.browser.browser_user,) if settings.browser.browser_user else STAND_INS
    node, package = driver_programs()
    for name in names:
        with contextlib.suppress(KeyError):
            user = pwd.getpwnam(name)
            may_run, sandbox = await _probe(user, executable, node, package)
            if may_run:
                return Account(name, user.pw_uid, user.pw_gid, sandbox=sandbox)
    return own


def driver_programs() -> tuple[Path, Path]:
    """Node.js and the folder of the driver's program, as Playwright will find them."""
    spec = util.find_spec("playwright")
    folder = Path(spec.origin).parent / "driver" if spec and spec.origin else Path("driver")
    return Path(SERVICE_ENVIRONMENT.get(NODE) or folder / "node"), folder / "package"


async def _probe(user: pwd.struct_passwd, *programs: Path) -> tuple[bool, bool]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-ISc", _PROBE, str(user.pw_uid), str(user.pw_gid), *map(str, programs),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        env=child_environment(),
    )  # fmt: skip
    try:
        async with asyncio.timeout(_PROBE_TIMEOUT):
            output, _ = await process.communicate()
        may_run, sandbox = json.loads(output)
    except (TimeoutError, ValueError):
        return False, False
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return bool(may_run), bool(sandbox)
