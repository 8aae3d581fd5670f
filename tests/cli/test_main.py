from __future__ import annotations

import sys

import pytest

from pagemill import __main__ as program


class Interrupted:
    """A module whose import Ctrl-C ends."""

    def __getattr__(self, name):
        raise KeyboardInterrupt


def test_ctrl_c_while_it_imports_needs_no_traceback(monkeypatch):
    monkeypatch.setitem(sys.modules, "pagemill.cli", Interrupted())
    with pytest.raises(SystemExit) as raised:
        program.run()
    assert raised.value.code == 130
