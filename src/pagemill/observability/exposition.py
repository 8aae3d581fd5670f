"""The metrics as text, in Prometheus' exposition format."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

from pagemill import __version__
from pagemill.observability import instruments

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from prometheus_client import Metric

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def exposition(now: Mapping[str, tuple[str, Mapping[tuple[str, str] | None, float]]] | None = None) -> bytes:
    """What was counted, the build, and gauges as they stand `now`: text and values by name. Blocks for milliseconds.

    A value goes by its one label, or by None.
    """
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.core import GaugeMetricFamily

    class Now:
        """Collects what is not counted but looked at."""

        def collect(self) -> Iterable[Metric]:
            labels = {"version": __version__, "python": platform.python_version()}
            build = GaugeMetricFamily("pagemill_build_info", "The version that runs.", labels=list(labels))
            build.add_metric(list(labels.values()), 1)
            yield build
            for name, (text, values) in (now or {}).items():
                label = next((key[0] for key in values if key is not None), None)
                family = GaugeMetricFamily(f"pagemill_{name}", text, labels=[label] if label else [])
                for key, value in values.items():
                    family.add_metric([key[1]] if key else [], value)
                yield family

    registry = CollectorRegistry()
    registry.register(Now())
    return bytes(generate_latest(instruments.counted()) + generate_latest(registry))
