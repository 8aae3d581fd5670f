from __future__ import annotations

import stat
import sys

import pytest

from pagemill.cli import install_browser
from pagemill.settings import Settings


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine without Chromium: a folder of programs, and a home."""
    programs, home = tmp_path / "bin", tmp_path / "home"
    programs.mkdir()
    home.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("HOME", str(home))
    return tmp_path


def python_that(machine, monkeypatch, lines):
    program = machine / "python"
    program.write_text(f"#!/bin/sh\n{lines}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(sys, "executable", str(program))


def test_what_is_there_is_left_as_it_is(machine, capsys):
    there = machine / "bin" / "chromium"
    there.write_text("#!/bin/sh\n")
    there.chmod(0o755)
    assert install_browser.run(Settings()) == 0
    assert capsys.readouterr().out.strip() == str(there)


def test_playwrights_own_is_installed(machine, monkeypatch, capsys):
    target = machine / "bin" / "chromium"
    python_that(
        machine, monkeypatch, f'[ "$2 $3" = "playwright install" ] && echo "" > {target} && /bin/chmod 755 {target}'
    )
    assert install_browser.run(Settings()) == 0
    assert capsys.readouterr().out.strip() == str(target)


def test_where_nothing_helps_it_says_so(machine, monkeypatch, capsys):
    python_that(machine, monkeypatch, "exit 1")
    assert install_browser.run(Settings()) == 1
    assert "No Chromium could be installed" in capsys.readouterr().err
