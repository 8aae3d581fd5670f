from __future__ import annotations

import os
import subprocess
import sys

import pytest
from prometheus_client import generate_latest

from pagemill.observability import instruments, metrics
from pagemill.observability.instruments import Metric
from pagemill.settings import Settings


@pytest.fixture
def counting(monkeypatch):
    """Metrics of this process alone, on until the test ends."""
    monkeypatch.delenv(instruments.FOLDER_VARIABLE, raising=False)
    monkeypatch.setattr(Metric, "failed", False)
    metrics.turn_on(Settings(), "test")
    yield
    instruments.turn_off()


def text():
    return generate_latest(instruments.counted()).decode()


def test_known_label_values_are_there_before_anything_happens(counting):
    assert 'pagemill_cache_requests_total{outcome="hit"} 0.0' in text()
    assert 'pagemill_stage_duration_seconds_count{stage="browser"} 0.0' in text()
    assert "_created" not in text()


def test_what_is_counted_shows(counting):
    metrics.page_failed("timeout", "http://example.com/", pages=3)
    metrics.BROWSER_PAGES.add()
    metrics.BROWSER_PAGES.add(amount=-1)
    assert 'pagemill_pages_ended_total{code="timeout",status="failed"} 3.0' in text()
    assert "pagemill_browser_pages 0.0" in text()
    assert "example.com" not in text()


def test_nothing_is_counted_while_metrics_are_off():
    metrics.turn_on(Settings(metrics=False), "test")
    metrics.page_completed("http", "http://example.com/")
    assert text() == ""


@pytest.mark.parametrize("method", ["inc", "observe"])
def test_a_metric_that_raises_is_logged_once_and_raises_nothing(counting, monkeypatch, capsys, method):
    def fail(*_):
        raise OSError("no space left")

    name = {"inc": "prometheus_client.Counter.inc", "observe": "prometheus_client.Histogram.observe"}[method]
    monkeypatch.setattr(name, fail)
    for _ in range(3):
        metrics.JOBS_SUBMITTED.add()
        metrics.STAGE_DURATION.observe(1.0, "http")
    assert Metric.failed
    assert capsys.readouterr().out.count("metrics cannot be counted") == 1


def test_metrics_that_cannot_be_turned_on_stay_off(monkeypatch, tmp_path):
    monkeypatch.setenv(instruments.FOLDER_VARIABLE, str(tmp_path / "missing"))
    metrics.turn_on(Settings(), "test")
    metrics.JOBS_SUBMITTED.add()
    assert metrics.JOBS_SUBMITTED._parent is None


def count_in_a_process(folder, process):
    """Count in a process that is killed before it can tidy up."""
    program = (
        "import os, sys\n"
        "from pagemill.observability import metrics\n"
        "from pagemill.settings import Settings\n"
        "metrics.turn_on(Settings(), sys.argv[1])\n"
        "metrics.JOBS_SUBMITTED.add()\n"
        "metrics.BROWSER_PROCESSES.add()\n"
        "os.kill(os.getpid(), 9)\n"
    )
    environment = {**os.environ, instruments.FOLDER_VARIABLE: str(folder)}
    subprocess.run([sys.executable, "-c", program, process], env=environment, check=False)


def test_processes_share_a_folder_and_one_counts_on_where_its_predecessor_was_killed(monkeypatch, tmp_path):
    folder = tmp_path / "metrics"
    instruments.clear_folder(folder)
    monkeypatch.setenv(instruments.FOLDER_VARIABLE, str(folder))
    for process in ("worker-1", "worker-2", "worker-1"):
        count_in_a_process(folder, process)
        instruments.forget_process(folder, "worker-1")
    assert "pagemill_jobs_submitted_total 3.0" in text()
    assert "pagemill_browser_processes 1.0" in text()
    instruments.clear_folder(folder)
    assert list(folder.iterdir()) == []
