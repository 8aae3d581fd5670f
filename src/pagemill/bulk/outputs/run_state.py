"""How far a run is: which records are in the output, in a small file that is replaced whole after each part.

A part is written first and noted after. What stands after the noted place when a run goes on was never noted, and is
taken away. So each record is in the output once, whenever the process is killed.
"""

from __future__ import annotations

import base64
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import orjson

from pagemill.bulk.outputs.files import write_whole
from pagemill.errors import OperatorError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from pagemill.model import JsonObject

_STATE = "state.json"
_SKETCHES = "sketches.jsonl"


@dataclass(slots=True)
class _SourceProgress:
    """The records of one input that are written: all below `low`, and those `beyond`."""

    low: int = 0
    beyond: set[int] = field(default_factory=set)
    total: int | None = None

    def add(self, record: int) -> None:
        self.beyond.add(record)
        while self.low in self.beyond:
            self.beyond.remove(self.low)
            self.low += 1


class WrittenRecords:
    """Which records are written, by the numbers of input and record. Small: records end nearly in order."""

    def __init__(self) -> None:
        self.whole = 0
        """How many inputs, the first ones, are written whole."""
        self._open: dict[int, _SourceProgress] = {}

    def add(self, source: int, record: int) -> None:
        """Note a record that is written."""
        self._open.setdefault(source, _SourceProgress()).add(record)
        self._close()

    def end(self, source: int, records: int) -> None:
        """Note that an input holds so many records and no more."""
        if source >= self.whole:
            self._open.setdefault(source, _SourceProgress()).total = records
            self._close()

    def has(self, source: int, record: int) -> bool:
        """Whether a record is written."""
        if source < self.whole:
            return True
        progress = self._open.get(source)
        return progress is not None and (record < progress.low or record in progress.beyond)

    def to_json(self) -> JsonObject:
        """Return what `from_json` reads."""
        parts = [[source, part.low, sorted(part.beyond)] for source, part in self._open.items()]
        return {"whole": self.whole, "open": parts}

    @classmethod
    def from_json(cls, value: JsonObject) -> WrittenRecords:
        """Return what an earlier run noted."""
        written = cls()
        written.whole = int(value["whole"])
        written._open = {source: _SourceProgress(low, set(beyond)) for source, low, beyond in value["open"]}
        return written

    def _close(self) -> None:
        while (part := self._open.get(self.whole)) is not None and part.total == part.low:
            del self._open[self.whole]
            self.whole += 1


@dataclass(slots=True)
class RunState:
    """The state of one run, in a folder beside its output."""

    folder: Path
    task: JsonObject
    """What the run was asked for: another task cannot go on with it."""
    written: WrittenRecords = field(default_factory=WrittenRecords)
    place: JsonObject | None = None
    """The output's place after the last part."""
    sketches: int = 0
    """The bytes of the file of sketches that belong to parts that are noted."""

    @property
    def is_there(self) -> bool:
        """Whether a run was begun and not completed."""
        return (self.folder / _STATE).is_file()

    @property
    def has_parts(self) -> bool:
        """Whether that run wrote anything. Raises OperatorError where its state cannot be read."""
        return self._read()["place"] is not None

    def load(self) -> None:
        """Read what an earlier run noted. Raises UsageError where that had another task."""
        value = self._read()
        changed = [name for name in self.task if value["task"].get(name) != self.task[name]]
        if changed:
            raise UsageError(
                f"The run in {self.folder} was begun with other {', '.join(changed)}. Repeat its command with "
                "--resume, or delete the folder to start anew."
            )
        self.written = WrittenRecords.from_json(value["written"])
        self.place, self.sketches = value["place"], value["sketches"]

    def _read(self) -> JsonObject:
        try:
            value: JsonObject = orjson.loads((self.folder / _STATE).read_bytes())
        except (OSError, ValueError) as error:
            raise OperatorError(f"The state in {self.folder} cannot be read; delete it to start anew.") from error
        return value

    def save(self, sketches: Iterable[tuple[str, bytes]] = ()) -> None:
        """Note what is written."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._add_sketches(sketches)
        value = {
            "task": self.task,
            "written": self.written.to_json(),
            "place": self.place,
            "sketches": self.sketches,
        }
        write_whole(self.folder / _STATE, orjson.dumps(value))

    def read_sketches(self) -> Iterator[tuple[str, bytes]]:
        """Yield the sketches of the parts that are noted, and cut off the others."""
        if not self.sketches:
            return
        with (self.folder / _SKETCHES).open("r+b") as file:
            file.truncate(self.sketches)
            for line in file:
                url, sketch = orjson.loads(line)
                yield url, base64.b64decode(sketch)

    def remove(self) -> None:
        """Forget the run: its output is complete."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _add_sketches(self, sketches: Iterable[tuple[str, bytes]]) -> None:
        lines = b"".join(orjson.dumps([url, base64.b64encode(sketch).decode()]) + b"\n" for url, sketch in sketches)
        if lines:
            with (self.folder / _SKETCHES).open("ab") as file:
                file.truncate(self.sketches)
                file.write(lines)
            self.sketches += len(lines)
