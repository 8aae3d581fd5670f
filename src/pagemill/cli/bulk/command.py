"""`pagemill extract`: archives and tables of pages in, rows out."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pagemill.bulk import columns
from pagemill.bulk.inputs.limits import ReadingLimits
from pagemill.bulk.inputs.source import expand, shown
from pagemill.bulk.outputs import selection
from pagemill.bulk.outputs.run_state import RunState
from pagemill.bulk.row_filter import RowFilter
from pagemill.bulk.run import Run, Task
from pagemill.cli.bulk.progress import Progress
from pagemill.errors import OperatorError, UsageError
from pagemill.scraping.extractor_version import extractor_version

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from pagemill.bulk.inputs.source import Source
    from pagemill.bulk.outputs.output import Output
    from pagemill.model import JsonObject
    from pagemill.settings import Settings


async def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Extract everything. Return 1 where an input could not be read to its end."""
    task = _task(arguments, settings)
    output = selection.output_of(arguments.output, task.written_columns)
    if selection.needs_markdown(output) and "markdown" not in task.columns:
        raise UsageError("A folder of Markdown needs the column markdown.")
    task = dataclasses.replace(task, sources=_without_own(task.sources, arguments.inputs, output))
    state = _state(arguments, task, output)
    if state is None:
        print(f"pagemill: {arguments.output} is complete; nothing is left to do.", file=sys.stderr)
        return 0
    running = Run(settings, task, output, state)
    with Progress(running.counts) as progress:
        showing = asyncio.create_task(progress.run())
        try:
            await running.run()
        finally:
            showing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await showing
    print(progress.summary(), file=sys.stderr)
    return 1 if running.counts.damaged else 0


def _task(arguments: argparse.Namespace, settings: Settings) -> Task:
    if arguments.processes is not None and arguments.processes < 1:
        raise UsageError("--processes is at least 1.")
    names: tuple[str, ...] = columns.DEFAULT_COLUMNS
    if arguments.columns == "all":
        names = columns.COLUMNS
    elif arguments.columns is not None:
        names = columns.checked(name.strip() for name in arguments.columns.split(",") if name.strip())
    limits = ReadingLimits(settings.fetching.max_body_bytes, arguments.html_column, arguments.url_column)
    return Task(
        expand([Path(name) for name in arguments.inputs], arguments.base_url),
        limits,
        names,
        arguments.processes or _cores(),
        ordered=arguments.ordered,
        row_filter=RowFilter(arguments.filter) if arguments.filter else None,
        mark_duplicates=arguments.mark_duplicates,
    )


def _without_own(sources: Sequence[Source], named: Sequence[str], output: Output) -> list[Source]:
    """Return the sources without the files of an output that lies in a folder which is read.

    Raises UsageError where such a file is an input by name, and where nothing else is left.
    """
    for name in named:
        if output.owns(Path(name).resolve()):
            raise UsageError(f"{name} is an input, so the output would take its place.")
    left = [source for source in sources if not output.owns(source.path.resolve())]
    if not left:
        raise UsageError("The folders hold no files that can be read, but those of the output.")
    return left


def _state(arguments: argparse.Namespace, task: Task, output: Output) -> RunState | None:
    """The state of the run; None where an earlier one completed it. Raises UsageError where one was not completed."""
    state = RunState(output.folder, _description(arguments, task))
    if not state.is_there:
        if arguments.resume and output.is_there:
            return None
        state.remove()
        return state
    if not state.has_parts:  # it failed before it wrote anything
        state.remove()
        return state
    if not arguments.resume:
        raise UsageError(
            f"An earlier run did not end: add --resume to go on with it, or delete {output.folder} to start anew."
        )
    state.load()
    return state


def _description(arguments: argparse.Namespace, task: Task) -> JsonObject:
    """What has to be the same where a run goes on."""
    try:
        inputs = [[shown(source.path), source.path.stat().st_size] for source in task.sources]
    except OSError as error:
        raise OperatorError(f"{error.filename} cannot be read: {error.strerror}.") from error
    return {
        "inputs": inputs,
        "columns": list(task.written_columns),
        "filter": arguments.filter,
        "order": task.ordered,
        "base URL": arguments.base_url,
        "HTML column": arguments.html_column,
        "URL column": arguments.url_column,
        "version of extraction": extractor_version(),
    }


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
