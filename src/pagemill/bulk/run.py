"""One run: records are read in a thread, extracted in processes, and written in parts by another thread.

What is in memory is bounded: a few records for each process, and two parts of rows.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from pagemill.bulk.columns import DUPLICATE_OF, size_of
from pagemill.bulk.inputs.reading import records_of
from pagemill.bulk.near_duplicates import NearDuplicates
from pagemill.bulk.outputs.files import telling
from pagemill.bulk.outputs.output import NumberedRow
from pagemill.bulk.outputs.run_state import RunState, WrittenRecords
from pagemill.bulk.record_extractor import RecordExtractor
from pagemill.errors import DamagedInputError, PagemillError
from pagemill.scraping.extractor_pool import ExtractorPool

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pagemill.bulk.columns import Row
    from pagemill.bulk.inputs.limits import ReadingLimits
    from pagemill.bulk.inputs.source import Source
    from pagemill.bulk.outputs.output import Output
    from pagemill.bulk.record import Record
    from pagemill.bulk.row_filter import RowFilter
    from pagemill.settings import Settings

_READ_AT_A_TIME = 16
_BYTES_AT_A_TIME = 4 * 1024 * 1024
_RECORDS_IN_HAND = 2
"""For each process: one that is extracted and one that waits, so that no process does."""


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked for."""

    sources: Sequence[Source]
    limits: ReadingLimits
    columns: tuple[str, ...]
    processes: int
    ordered: bool = False
    """Whether rows are written in the order of the records."""
    row_filter: RowFilter | None = None
    mark_duplicates: bool = False

    @property
    def extracted_columns(self) -> tuple[str, ...]:
        """The columns that are needed, whether or not they are written."""
        wanted = [*self.columns, "url", "error"]
        if self.row_filter:
            wanted += sorted(self.row_filter.columns)
        if self.mark_duplicates:
            wanted.append("text")
        return tuple(dict.fromkeys(wanted))

    @property
    def written_columns(self) -> tuple[str, ...]:
        """The columns of the output."""
        return (*self.columns, DUPLICATE_OF) if self.mark_duplicates else self.columns


@dataclass(slots=True)
class Counts:
    """How far a run is."""

    records: int = 0
    bytes: int = 0
    errors: int = 0
    left_out: int = 0
    """Rows that the filter does not keep."""
    duplicates: int = 0
    damaged: int = 0
    """Inputs that could not be read to their end."""
    errors_by_code: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _NumberedRecord:
    source: int
    record: int
    content: Record


@dataclass(frozen=True, slots=True)
class _End:
    """The end of an input."""

    source: int
    records: int


class Run:
    """A run, to be run once. `state` is that of an earlier run where this one goes on with it."""

    def __init__(self, settings: Settings, task: Task, output: Output, state: RunState) -> None:
        self._settings = settings.changed(extraction_processes=task.processes, extraction_spare_processes=0)
        self._task = task
        self.counts = Counts()
        self._writer = _PartWriter(settings, task, output, state, self.counts)

    async def run(self) -> None:
        """Read, extract and write everything. Raises OperatorError where the output cannot be written."""
        await self._writer.begin()
        in_hand = _RECORDS_IN_HAND * self._task.processes
        queue: asyncio.Queue[_NumberedRecord | None] = asyncio.Queue(in_hand)
        with ThreadPoolExecutor(1, "read records") as thread:
            try:
                async with ExtractorPool(self._settings) as pool, asyncio.TaskGroup() as group:
                    extractor = RecordExtractor(pool, self._task.extracted_columns)
                    group.create_task(self._read(thread, queue, in_hand))
                    for _ in range(in_hand):
                        group.create_task(self._extract(extractor, queue))
            except BaseExceptionGroup as errors:
                told = next((error for error in errors.exceptions if isinstance(error, PagemillError)), None)
                raise told or errors from None
        await self._writer.finish()

    async def _read(self, thread: ThreadPoolExecutor, queue: asyncio.Queue[_NumberedRecord | None], ends: int) -> None:
        loop, records = asyncio.get_running_loop(), self._records(self._writer.written_before)
        while taken := await loop.run_in_executor(thread, _take, records):
            for item in taken:
                if isinstance(item, _End):
                    self._writer.end(item.source, item.records)
                else:
                    await queue.put(item)
        for _ in range(ends):
            await queue.put(None)

    def _records(self, written: WrittenRecords) -> Iterator[_NumberedRecord | _End]:
        for number, source in enumerate(self._task.sources[written.whole :], written.whole):
            count = 0
            for content in records_of(source, self._task.limits):
                if not written.has(number, count):
                    yield _NumberedRecord(number, count, content)
                count += 1
            yield _End(number, count)

    async def _extract(self, extractor: RecordExtractor, queue: asyncio.Queue[_NumberedRecord | None]) -> None:
        while (item := await queue.get()) is not None:
            row, error = await extractor.extract(item.content)
            counts = self.counts
            counts.records += 1
            counts.bytes += len(item.content.body)
            if error is not None:
                counts.errors += 1
                counts.errors_by_code[error] = counts.errors_by_code.get(error, 0) + 1
                counts.damaged += error == DamagedInputError.code
            await self._writer.add(NumberedRow(item.source, item.record, row))


class _PartWriter:
    """Collects rows and writes them in parts, one part after another."""

    def __init__(self, settings: Settings, task: Task, output: Output, state: RunState, counts: Counts) -> None:
        self._limits = settings.extraction
        self._task = task
        self._output = output
        self._state = state
        self._counts = counts
        self._duplicates = NearDuplicates(self._limits.bulk_duplicate_similarity) if task.mark_duplicates else None
        self._rows: list[NumberedRow] = []
        self._size = 0
        self._ends: list[tuple[int, int]] = []
        self._lock = asyncio.Lock()
        self._written_at = asyncio.get_running_loop().time()
        self._order = _Order() if task.ordered else None
        self.written_before = WrittenRecords.from_json(state.written.to_json())

    async def begin(self) -> None:
        await asyncio.to_thread(self._begin)

    def _begin(self) -> None:
        with telling(self._output.folder):
            if self._duplicates:
                self._duplicates.restore(self._state.read_sketches())
            if self._state.place is None:
                self._state.save()  # before the output is touched: what has no state is complete
            self._output.begin(self._state.place)

    def end(self, source: int, records: int) -> None:
        """Note how many records an input holds."""
        self._ends.append((source, records))
        if self._order:
            self._take(self._order.end(source, records, self.written_before))

    async def add(self, row: NumberedRow) -> None:
        """Take a row. Waits where two parts of rows are in memory."""
        if self._order:
            self._take(self._order.add(row, self.written_before))
            await self._order.wait_for_room(row, self._limits.bulk_part_bytes)
        else:
            self._take([row])
        now = asyncio.get_running_loop().time()
        if self._size >= self._limits.bulk_part_bytes or now - self._written_at >= self._limits.bulk_part_time:
            await self._write()

    async def finish(self) -> None:
        """Write what is left, and complete the output."""
        await self._write()
        await asyncio.to_thread(self._finish)

    def _finish(self) -> None:
        with telling(self._output.folder):
            self._output.finish()
            self._state.remove()

    def _take(self, rows: Sequence[NumberedRow]) -> None:
        self._rows += rows
        self._size += sum(size_of(row.row) for row in rows)

    async def _write(self) -> None:
        async with self._lock:
            rows, ends = self._rows, self._ends
            self._rows, self._ends, self._size = [], [], 0
            self._written_at = asyncio.get_running_loop().time()
            if rows or ends:
                await asyncio.to_thread(self._write_part, rows, ends)

    def _write_part(self, rows: list[NumberedRow], ends: list[tuple[int, int]]) -> None:
        with telling(self._output.folder):
            self._state.place = self._output.write(self._finished(rows))
            for numbered in rows:
                self._state.written.add(numbered.source, numbered.record)
            for source, records in ends:
                self._state.written.end(source, records)
            self._state.save(self._duplicates.take_added() if self._duplicates else ())

    def _finished(self, rows: list[NumberedRow]) -> list[NumberedRow]:
        """The rows that are written, with the columns that are."""
        kept = self._task.row_filter.keeps if self._task.row_filter else None
        finished = []
        for numbered in rows:
            row = numbered.row
            if kept is not None and not kept(row):
                self._counts.left_out += 1
                continue
            if self._duplicates:
                row[DUPLICATE_OF] = self._duplicate_of(self._duplicates, row)
            values = {name: row.get(name) for name in self._task.written_columns}
            finished.append(NumberedRow(numbered.source, numbered.record, values))
        return finished

    def _duplicate_of(self, duplicates: NearDuplicates, row: Row) -> str | None:
        if row["error"] is not None or not row["text"]:
            return None
        found = duplicates.duplicate_of(row["url"] or "", row["text"])
        self._counts.duplicates += found is not None
        return found


class _Order:
    """Rows that wait for those before them."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[int, int], NumberedRow] = {}
        self._size = 0
        self._next = (0, 0)
        self._totals: dict[int, int] = {}
        self._room = asyncio.Event()

    def add(self, row: NumberedRow, written: WrittenRecords) -> list[NumberedRow]:
        """Take a row, and return those whose turn it is."""
        self._waiting[row.source, row.record] = row
        self._size += size_of(row.row)
        return self._due(written)

    def end(self, source: int, records: int, written: WrittenRecords) -> list[NumberedRow]:
        """Take note of an input's end, and return the rows whose turn it is."""
        self._totals[source] = records
        return self._due(written)

    async def wait_for_room(self, row: NumberedRow, limit: int) -> None:
        """Wait until fewer rows wait. The row whose turn is next never gets here with `row` waiting."""
        while (row.source, row.record) in self._waiting and self._size > limit:
            self._room.clear()
            await self._room.wait()

    def _due(self, written: WrittenRecords) -> list[NumberedRow]:
        due = []
        while True:
            source, record = self._next
            if source < written.whole or self._totals.get(source) == record:
                self._next = (source + 1, 0)
            elif written.has(source, record):
                self._next = (source, record + 1)
            elif (row := self._waiting.pop(self._next, None)) is not None:
                due.append(row)
                self._size -= size_of(row.row)
                self._next = (source, record + 1)
            else:
                break
        if due:
            self._room.set()
        return due


def _take(records: Iterator[_NumberedRecord | _End]) -> list[_NumberedRecord | _End]:
    """The next few records, none at the end."""
    taken, size = [], 0
    for item in islice(records, _READ_AT_A_TIME):
        taken.append(item)
        size += len(item.content.body) if isinstance(item, _NumberedRecord) else 0
        if size >= _BYTES_AT_A_TIME:
            break
    return taken
