"""Every statement says why it may be sent twice: its answer may get lost after it took effect."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import pagemill.jobs

FILES = sorted(Path(pagemill.jobs.__file__).parent.rglob("*statements.py"))


def test_the_statements_are_found():
    assert {f"{file.parent.name}/{file.name}" for file in FILES} >= {
        "queue/statements.py",
        "keys/statements.py",
        "webhooks/statements.py",
        "memory/cache_statements.py",
    }


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_each_statement_says_why_it_may_be_sent_twice(file):
    assert unexplained(file.read_text()) == []


def test_one_that_says_nothing_is_found():
    assert unexplained("# Repeatable: it only reads.\nGET = 'SELECT 1'\nPUT = '...'\n_PART = ''\n") == ["PUT"]
    assert unexplained("# Repeatable:\nGET = 'SELECT 1'\n") == ["GET"]


def unexplained(source):
    """The names of statements whose comment does not say it."""
    lines = source.splitlines()
    names = []
    for node in ast.parse(source).body:
        if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
            continue
        name = node.targets[0].id
        comment = []
        for line in reversed(lines[: node.lineno - 1]):
            if not line.startswith("#"):
                break
            comment.append(line)
        if not name.startswith("_") and not re.search(r"# (Repeatable: |Not repeatable, so )\w+", "\n".join(comment)):
            names.append(name)
    return names


def test_statements_stand_nowhere_else():
    """What is sent through the pool is a constant of those files."""
    for file in Path(pagemill.jobs.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in ("row", "rows")
            ):
                assert not isinstance(node.args[0], ast.Constant | ast.JoinedStr), f"{file}:{node.lineno}"
