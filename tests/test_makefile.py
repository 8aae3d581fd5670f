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
