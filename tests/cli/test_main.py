from __future__ import annotations

import sys

import pytest

from pagemill import __main__ as program
from pagemill import cli


class Interrupted:
    """A module whose import Ctrl-C ends."""

    def __getattr__(self, name):
        raise KeyboardInterrupt


def test_ctrl_c_while_it_imports_needs_no_traceback(monkeypatch):
    monkeypatch.setitem(sys.modules, "pagemill.cli", Interrupted())
    with pytest.raises(SystemExit) as raised:
        program.run()
    assert raised.value.code == 130


@pytest.mark.parametrize(
    ("words", "usage", "said"),
    [
        (["serve", "--prot", "3"], "usage: pagemill serve", "Did you mean --port?"),
        (["scrape", "--outptu=3"], "usage: pagemill scrape", "Did you mean --output?"),
        (["keys", "create", "a", "--nothing-like-it"], "usage: pagemill keys create", "--nothing-like-it"),
    ],
)
def test_an_unknown_flag_is_refused_by_its_command(capsys, words, usage, said):
    with pytest.raises(SystemExit) as raised:
        cli.main(words)
    assert raised.value.code == 2
    errors = capsys.readouterr().err
    assert errors.startswith(usage)
    assert said in errors
