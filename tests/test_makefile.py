"""The commands that the documents name are there."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from tests.conftest import ROOT

DOCUMENTS = ("README.md", "CONTRIBUTING.md")


def test_make_help_names_every_target_that_the_documents_use():
    make = shutil.which("make")
    if make is None:
        pytest.skip("needs make, which is not here")
    shown = subprocess.run([make, "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    listed = set(re.findall(r"^  make ([a-z-]+)", shown, re.MULTILINE))
    text = "\n".join((ROOT / name).read_text() for name in DOCUMENTS)
    used = set(re.findall(r"(?:^ *|`)make ([a-z-]+)", text, re.MULTILINE))
    assert {"serve", "test"} <= used
    assert used <= listed


def test_make_says_what_it_does_before_each_step_that_takes_long():
    make = shutil.which("make")
    if make is None:
        pytest.skip("needs make, which is not here")
    # Nothing is there in this folder, so every step is due.
    words = [make, "--dry-run", "VENV=no-such-folder", "serve"]
    steps = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout.replace("\\\n", "")
    silent, said = [], False
    for step in steps.splitlines():
        if re.search(r"-m venv|pip install|install-chromium|pagemill serve", step) and not (said or "echo" in step):
            silent.append(step)
        said = "echo" in step or (said and step.startswith("rm "))
    assert "pip install" in steps
    assert not silent
