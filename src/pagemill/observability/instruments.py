"""Counters, gauges and histograms that do nothing until metrics are on, and that never raise.

They wrap those of `prometheus_client`, which is imported when metrics are turned on. Where several processes of one
service count, each writes to files of its own in a shared folder, through memory that is mapped to them; whoever is
asked for the metrics adds the files up.
"""

from __future__ import annotations

import itertools
import os
from typing import TYPE_CHECKING, Any, ClassVar

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from prometheus_client import CollectorRegistry

log = structlog.get_logger(__name__)

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""Names the folder of the files. `prometheus_client` reads it; the supervisor sets it for its children."""
_PREFIX = "pagemill_"

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)


class Metric:
    """A metric: its name without prefix, what it tells, its labels and the label values that exist from the start."""

    all: ClassVar[list[Metric]] = []
    """Every metric of the program."""
    failed: ClassVar[bool] = False

    def __init__(self, name: str, text: str, **labels: Sequence[str]) -> None:
        self.name = _PREFIX + name
        self.text = text
        self.labels = tuple(labels)
        self._known = tuple(labels.values())
        self._parent: Any = None
        self._children: dict[tuple[str, ...], Any] = {}
        Metric.all.append(self)

    def open(self, registry: CollectorRegistry | None) -> None:
        """Count from now on."""
        self._children.clear()
        self._parent = self._create(registry)
        for values in itertools.product(*self._known):
            self._child(values)

    def close(self) -> None:
        """Count no more."""
        self._parent = None
        self._children.clear()

    def _create(self, registry: CollectorRegistry | None) -> Any:
        raise NotImplementedError

    def _child(self, values: tuple[str, ...]) -> Any:
        child = self._children.get(values)
        if child is None:
            child = self._children[values] = self._parent.labels(*values) if values else self._parent
        return child

    def _record(self, values: tuple[str, ...], record: Callable[[Any], None]) -> None:
        if self._parent is None:
            return
        try:
            record(self._child(values))
        except Exception:
            if not Metric.failed:  # once: it may well fail for every page
                Metric.failed = True
                log.exception("metrics cannot be counted; the work goes on", metric=self.name)


class Counter(Metric):
    """A number that only grows. Its name ends with `_total`."""

    def _create(self, registry: CollectorRegistry | None) -> Any:
        from prometheus_client import Counter as PrometheusCounter

        return PrometheusCounter(self.name, self.text, self.labels, registry=registry)

    def add(self, *values: str, amount: float = 1) -> None:
        """Count something with these label values."""
        self._record(values, lambda child: child.inc(amount))


class Gauge(Metric):
    """A number that grows and shrinks; those of the processes that run are added up."""

    def _create(self, registry: CollectorRegistry | None) -> Any:
        from prometheus_client import Gauge as PrometheusGauge

        return PrometheusGauge(self.name, self.text, self.labels, registry=registry, multiprocess_mode="livesum")

    def add(self, *values: str, amount: float = 1) -> None:
        """Change the number with these label values."""
        self._record(values, lambda child: child.inc(amount))


class Histogram(Metric):
    """How long things took, in seconds."""

    def __init__(self, name: str, text: str, *, buckets: Sequence[float] = SECONDS, **labels: Sequence[str]) -> None:
        super().__init__(name, text, **labels)
        self._buckets = buckets

    def _create(self, registry: CollectorRegistry | None) -> Any:
        from prometheus_client import Histogram as PrometheusHistogram

        return PrometheusHistogram(self.name, self.text, self.labels, registry=registry, buckets=self._buckets)

    def observe(self, seconds: float, *values: str) -> None:
        """Count a duration with these label values."""
        self._record(values, lambda child: child.observe(seconds))


_registry: CollectorRegistry | None = None


def turn_on(process: str) -> None:
    """Count everything from now on. `process` names this process among those of the service, also after a restart.

    A process that is started in another's place counts on in its files, so that no counter goes back.
    """
    global _registry  # noqa: PLW0603 - metrics are of the whole process
    try:
        from prometheus_client import CollectorRegistry, disable_created_metrics, values

        disable_created_metrics()  # type: ignore[no-untyped-call]
        shared = os.environ.get(FOLDER_VARIABLE)
        values.ValueClass = values.MultiProcessValue(lambda: process) if shared else values.MutexValue  # type: ignore[no-untyped-call]
        _registry = CollectorRegistry()
        for metric in Metric.all:
            metric.open(_registry)
    except Exception:
        turn_off()
        log.exception("metrics are off: they cannot be counted")


def turn_off() -> None:
    """Count nothing any more."""
    global _registry  # noqa: PLW0603
    _registry = None
    for metric in Metric.all:
        metric.close()


def is_on() -> bool:
    """Whether this process counts."""
    return _registry is not None


def counted() -> CollectorRegistry:
    """What was counted: by all processes of the service where they share a folder, else by this one."""
    from prometheus_client import CollectorRegistry
    from prometheus_client.multiprocess import MultiProcessCollector

    folder = os.environ.get(FOLDER_VARIABLE)
    if not folder:
        return _registry or CollectorRegistry()
    together = CollectorRegistry()
    MultiProcessCollector(together, path=folder)  # type: ignore[no-untyped-call]
    return together


def clear_folder(folder: Path) -> None:
    """Make the folder of the files, or empty it: what an earlier run counted is not counted again."""
    folder.mkdir(mode=0o700, exist_ok=True)
    for file in folder.glob("*.db"):
        file.unlink(missing_ok=True)


def forget_process(folder: Path, process: str) -> None:
    """Remove the gauges of a process that ended. What it counted stays, and the process in its place counts on."""
    for file in folder.glob(f"gauge_*_{process}.db"):
        file.unlink(missing_ok=True)
