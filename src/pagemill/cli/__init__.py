"""The command line: its commands and their arguments."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import difflib
import os
import sys
from typing import TYPE_CHECKING, Any, TextIO, cast

from pagemill import __version__
from pagemill.cli.settings_check import allows_open_access, check_settings, read_settings, warn_of_unknown
from pagemill.errors import OperatorError, UnavailableError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pagemill.progress_line import ProgressLine
    from pagemill.settings import Settings

    Command = Callable[[argparse.Namespace, Settings], int]

_BROKEN_PIPE = 141
"""What a shell reports of a program that SIGPIPE ended."""
# What a flag sets is a setting: it goes into the environment, so that child processes have it too.
_FLAG_SETTINGS = ("host", "port", "workers", "data_dir")


def main(arguments_given: Sequence[str] | None = None) -> None:
    """Run a command and exit with its code: 0 for success, 1 for failure, 2 for what is not valid."""
    from pagemill import logs as logs  # before anything else imports structlog: see there

    arguments = _parser().parse_args(arguments_given)
    if arguments.command is _serve and arguments_given is None:
        from pagemill.supervisor.clean_start import start_clean

        start_clean()
    for name in _FLAG_SETTINGS:
        if getattr(arguments, name, None) is not None:
            os.environ[f"PAGEMILL_{name.upper()}"] = str(getattr(arguments, name))
    if getattr(arguments, "no_auth", False):
        os.environ["PAGEMILL_AUTH"] = "false"
    command: Command = arguments.command
    try:
        if command is _doctor:  # settings that are not valid are what it is for
            sys.exit(_doctor(arguments))
        settings = read_settings()
        if not getattr(arguments, "supervised", False):
            warn_of_unknown()
        code = command(arguments, settings)
        print(end="", flush=True)
    except BrokenPipeError:  # whoever reads has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = _BROKEN_PIPE
    except UsageError as error:
        print(f"pagemill: {error.message}", file=sys.stderr)
        code = 2
    except (OperatorError, UnavailableError) as error:
        print(f"pagemill: {error.message}", file=sys.stderr)
        code = 1
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)


class _Parser(argparse.ArgumentParser):
    """A parser that refuses what it does not know with the usage of its own command, and says what may be meant."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        """See argparse."""
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            flags = [flag for action in self._actions for flag in action.option_strings]
            meant = difflib.get_close_matches(unknown[0].partition("=")[0], flags, 1)
            hint = f" Did you mean {meant[0]}?" if meant else ""
            self.error(f"it takes no {' '.join(unknown)}.{hint}")
        return found, unknown


def _parser() -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = _Parser(
        prog="pagemill",
        description="Web pages as clean HTML, Markdown and JSON: a service, and a command.",
        epilog="Settings are environment variables named PAGEMILL_…; docs/settings.md lists them.",
    )
    parser.add_argument("--version", action="version", version=f"pagemill {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    serve = commands.add_parser("serve", help="run everything: database, API and workers")
    _add_listening(serve)
    serve.add_argument("--workers", type=int, metavar="N", help="worker processes (default: one for each core)")
    serve.add_argument("--data-dir", metavar="FOLDER", help="where the database and the first API key are kept")
    serve.set_defaults(command=_serve)

    api = commands.add_parser("api", help="run an API process on PAGEMILL_DATABASE_URL")
    _add_listening(api)
    api.add_argument("--fd", type=int, help=argparse.SUPPRESS)
    _add_supervised(api)
    api.set_defaults(command=_api)

    worker = commands.add_parser("worker", help="run a worker process on PAGEMILL_DATABASE_URL")
    worker.add_argument("--id", help=argparse.SUPPRESS)
    _add_supervised(worker)
    worker.set_defaults(command=_worker)

    migrate = commands.add_parser("migrate", help="bring the database at PAGEMILL_DATABASE_URL up to date")
    migrate.add_argument("--to", type=int, metavar="VERSION", help="move to this version, down if need be")
    migrate.set_defaults(command=_migrate)

    doctor = commands.add_parser("doctor", help="say what is well, what is not, and what to do about it")
    doctor.add_argument("--json", action="store_true", help="print the findings as JSON")
    doctor.add_argument("--data-dir", metavar="FOLDER", help="the data folder of the service on this machine")
    doctor.set_defaults(command=_doctor)

    install = commands.add_parser("install-browser", help="install Chromium, for pages that need a browser")
    install.set_defaults(command=_install_browser)

    _add_keys(commands)
    _add_corrections(commands)
    _add_backup(commands)
    _add_scrape(commands)
    _add_extract(commands)
    _add_sites(commands)
    return parser


def _add_listening(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", metavar="ADDRESS", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, metavar="N", help="port to listen on (default: 8080)")
    parser.add_argument("--no-auth", action="store_true", help="ask for no API key; only on a loopback address")


def _add_supervised(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--supervised", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--ready-fd", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--name", help=argparse.SUPPRESS)


def _add_keys(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    keys = commands.add_parser("keys", help="make, list and revoke API keys")
    keys.add_argument("--data-dir", metavar="FOLDER", help="the data folder of the service on this machine")
    actions = keys.add_subparsers(title="actions", required=True, metavar="ACTION")
    folder = argparse.ArgumentParser(add_help=False)  # named after the action as well
    folder.add_argument("--data-dir", metavar="FOLDER", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    create = actions.add_parser("create", help="make a key and print it, this once", parents=[folder])
    create.add_argument("name", help="what the key is for")
    create.add_argument("--operator", action="store_true", help="it may also read what concerns all keys")
    create.set_defaults(command=_keys("create"))
    actions.add_parser("list", help="list all keys", parents=[folder]).set_defaults(command=_keys("list"))
    revoke = actions.add_parser("revoke", help="make a key useless at once", parents=[folder])
    revoke.add_argument("id", help="the key's id, from `pagemill keys list`")
    revoke.set_defaults(command=_keys("revoke"))


def _add_corrections(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    corrections = commands.add_parser("corrections", help="export pages whose blocks were corrected in the interface")
    actions = corrections.add_subparsers(title="actions", required=True, metavar="ACTION")
    export = actions.add_parser("export", help="write them into a folder, to train the model with")
    export.add_argument("folder", metavar="FOLDER", help="a folder in it for each API key is made")
    export.add_argument("--key", metavar="ID", help="those of this key alone, by its id of `pagemill keys list`")
    export.add_argument("--data-dir", metavar="FOLDER", help="the data folder of the service on this machine")
    export.set_defaults(command=_export_corrections)


def _add_backup(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    backup = commands.add_parser("backup", help="write everything into one file, while the service runs or not")
    restore = commands.add_parser("restore", help="fill an empty data folder, or an empty database, from a backup")
    for parser, command in ((backup, _make_backup), (restore, _restore_backup)):
        parser.add_argument("file", help="the file of the backup")
        parser.add_argument("--data-dir", metavar="FOLDER", help="the data folder of the service on this machine")
        parser.set_defaults(command=command)


def _add_scrape(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from pagemill.cli import scrape_arguments

    scrape = commands.add_parser("scrape", help="scrape URLs here and now, without a service")
    scrape_arguments.add_arguments(scrape)
    scrape.set_defaults(command=_scrape)


def _add_extract(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from pagemill.cli.bulk import arguments

    extract = commands.add_parser("extract", help="extract pages of archives and tables, without a service")
    arguments.add_arguments(extract)
    extract.set_defaults(command=_extract)


def _add_sites(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from pagemill.cli.sites import options

    mapping = commands.add_parser("map", help="print the URLs of a site, found by a running service")
    options.add_map_arguments(mapping)
    mapping.set_defaults(command=_map)
    crawl = commands.add_parser("crawl", help="write the pages of a site, scraped by a running service")
    options.add_crawl_arguments(crawl)
    crawl.set_defaults(command=_crawl)
    _add_sessions(commands)
    mcp = commands.add_parser("mcp", help="give an agent the tools of a running service, by MCP on standard input")
    options.add_service(mcp)
    mcp.set_defaults(command=_mcp)


def _add_sessions(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from pagemill.cli import scrape_arguments
    from pagemill.cli.sites import options

    sessions = commands.add_parser("sessions", help="save, list and delete browser sessions of a running service")
    actions = sessions.add_subparsers(title="actions", required=True, metavar="ACTION")
    save = actions.add_parser("save", help="log in by --actions, and save the browser's cookies and storage")
    save.add_argument("name", metavar="NAME", help="what the session is called; one of this name is replaced")
    save.add_argument("url", metavar="URL", help="the page to begin at")
    options.add_session(save)
    save.set_defaults(command=_sessions("save"))
    listed = actions.add_parser("list", help="list all sessions of the key")
    listed.add_argument("--json", action="store_true", help="one line of JSON a session")
    listed.set_defaults(command=_sessions("list"))
    delete = actions.add_parser("delete", help="delete a session")
    delete.add_argument("name", metavar="NAME", help="its name or its id")
    delete.set_defaults(command=_sessions("delete"))
    for action in (save, listed, delete):
        options.add_service(action)
    scrape_arguments.add_page_arguments(save)


def _serve(_: argparse.Namespace, settings: Settings) -> int:
    from pagemill.progress_line import ProgressLine
    from pagemill.supervisor.supervisor import Supervisor

    _check_open_access(settings)
    check_settings(settings)
    progress = ProgressLine.for_terminal(settings)
    _configure_logs(settings, progress)
    asyncio.run(Supervisor(settings, progress).run())
    return 0


def _api(arguments: argparse.Namespace, settings: Settings) -> int:
    from pagemill.api.server import run

    _check_open_access(settings)
    _require_database(settings)
    check_settings(settings)
    _configure_logs(settings)
    with _observed(settings, "api", arguments.name):
        run(settings, fd=arguments.fd, ready_fd=arguments.ready_fd, supervised=arguments.supervised)
    return 0


def _worker(arguments: argparse.Namespace, settings: Settings) -> int:
    import uvloop

    from pagemill.jobs.metrics_server import MetricsServer
    from pagemill.jobs.worker import Worker
    from pagemill.jobs.worker_id import new_worker_id
    from pagemill.process_lifetime import stop_on_signals, tell_ready, watch_parent

    _require_database(settings)
    check_settings(settings)
    _configure_logs(settings)

    async def work() -> None:
        stop = asyncio.Event()
        stop_on_signals(stop)
        if arguments.supervised:
            watch_parent(stop.set)
        async with MetricsServer(settings, supervised=arguments.supervised):
            worker = Worker(settings, arguments.id or new_worker_id())
            await worker.run(stop, on_ready=lambda: tell_ready(arguments.ready_fd))

    with _observed(settings, "worker", arguments.name):
        uvloop.run(work())
    return 0


def _migrate(arguments: argparse.Namespace, settings: Settings) -> int:
    from pagemill.jobs.database.migrator import migrate
    from pagemill.jobs.database.pool import Database

    async def run() -> None:
        url, timeout = _require_database(settings), settings.database.database_connect_timeout
        async with Database(
            url, connections=1, wait=settings.database.database_wait, connect_timeout=timeout
        ) as database:
            steps = await migrate(database, to=arguments.to)
        for step in steps:
            print(f"{step.version:04} {step.name}")
        print("The database is up to date." if not steps else f"{len(steps)} steps taken.")

    asyncio.run(run())
    return 0


def _keys(action: str) -> Command:
    def run(arguments: argparse.Namespace, settings: Settings) -> int:
        from pagemill.cli import keys

        return asyncio.run(keys.run(action, arguments, settings))

    return run


def _export_corrections(arguments: argparse.Namespace, settings: Settings) -> int:
    from pagemill.cli import corrections

    return asyncio.run(corrections.export(arguments, settings))


def _doctor(arguments: argparse.Namespace, _: Settings | None = None) -> int:
    from pagemill import logs
    from pagemill.cli.doctor import examination

    logs.configure("critical", "text")  # what went wrong is in the findings
    return examination.show(asyncio.run(examination.examine()), as_json=arguments.json)


def _make_backup(arguments: argparse.Namespace, settings: Settings) -> int:
    from pagemill.cli import backup

    return asyncio.run(backup.make(arguments, settings))


def _restore_backup(arguments: argparse.Namespace, settings: Settings) -> int:
    from pagemill.cli import backup

    return asyncio.run(backup.restore(arguments, settings))


def _install_browser(_: argparse.Namespace, settings: Settings) -> int:
    from pagemill.cli import install_browser

    return install_browser.run(settings)


def _scrape(arguments: argparse.Namespace, settings: Settings) -> int:
    import uvloop

    from pagemill.cli import scrape

    _configure_logs(settings.changed(log_level="error"))
    check_settings(settings)
    return uvloop.run(scrape.run(arguments, settings))


def _extract(arguments: argparse.Namespace, settings: Settings) -> int:
    import uvloop

    from pagemill.cli.bulk import command

    _configure_logs(settings.changed(log_level="error"))
    return uvloop.run(command.run(arguments, settings))


def _map(arguments: argparse.Namespace, settings: Settings) -> int:
    from pagemill.cli.sites import commands

    return asyncio.run(commands.map_site(arguments, settings))


def _crawl(arguments: argparse.Namespace, settings: Settings) -> int:
    from pagemill.cli.sites import commands

    return asyncio.run(commands.crawl_site(arguments, settings))


def _sessions(action: str) -> Command:
    def run(arguments: argparse.Namespace, settings: Settings) -> int:
        from pagemill.cli import sessions

        return asyncio.run(sessions.run(action, arguments, settings))

    return run


def _mcp(arguments: argparse.Namespace, settings: Settings) -> int:
    from pagemill.cli import mcp_server

    _configure_logs(settings.changed(log_level="error"))
    return asyncio.run(mcp_server.serve(arguments, settings))


def _configure_logs(settings: Settings, file: ProgressLine | None = None) -> None:
    from pagemill import logs

    logs.configure(settings.service.log_level, settings.service.log_format, cast("TextIO | None", file))


@contextlib.contextmanager
def _observed(settings: Settings, role: str, name: str | None) -> Iterator[None]:
    """Count metrics and write traces. `name` is what the supervisor calls this process."""
    from pagemill.observability import metrics, tracing

    metrics.turn_on(settings, name or f"{role}-{os.getpid()}")
    tracing.turn_on(role)
    try:
        yield
    finally:
        tracing.turn_off()


def _require_database(settings: Settings) -> str:
    if not settings.database.database_url:
        raise OperatorError(
            "PAGEMILL_DATABASE_URL is not set. Set it to a PostgreSQL URL, or use `pagemill serve`, "
            "which brings a database of its own."
        )
    return settings.database.database_url


def _check_open_access(settings: Settings) -> None:
    if not allows_open_access(settings):
        raise OperatorError(
            f"Without authentication anyone who reaches {settings.service.host} could use the service. "
            "Listen on 127.0.0.1, or leave authentication on."
        )
