"""What the documents name is there: the files, and what their links lead to."""

from __future__ import annotations

import re

import pytest

from tests.conftest import ROOT

DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "SECURITY.md",
    ROOT / "bench" / "README.md",
    ROOT / "deploy" / "README.md",
    ROOT / "training" / "NOTEBOOK.md",
    *sorted((ROOT / "docs").glob("*.md")),
]
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
FILE = re.compile(r"`((?:[\w.-]+/)+(?:[\w-]+\.(?:py|pyx|sql|md|json|npz|toml))?|[\w-]+\.(?:py|pyx))`")
"""A path to a folder or to a file, or the name of a file of code."""
NAMES = re.compile(r"(`\w+`(?: and `\w+`)*) in `([\w/]+\.py)`")
"""Names of the code, and the file that they are said to be in."""
ANCHORS = re.compile(r"^#+ (.+)$", re.MULTILINE)


def named(text):
    """Names of documents in parametrised tests."""
    return text.relative_to(ROOT).as_posix()


def prose(document):
    return FENCED.sub("", document.read_text())


def anchor(heading):
    """How GitHub makes an anchor of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_every_link_leads_somewhere(document):
    for link in LINK.findall(prose(document)):
        if re.match(r"https?:", link):
            continue
        path, _, fragment = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), link
        if fragment:
            assert fragment in {anchor(heading) for heading in ANCHORS.findall(prose(target))}, link


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_every_file_that_is_named_exists(document):
    """A path is relative to the project or to a folder of its code; a bare name may stand in any folder."""
    code = ROOT / "src" / "pagemill"
    bases = (ROOT, code, *(folder for folder in code.iterdir() if folder.is_dir()))
    for path in FILE.findall(prose(document)):
        there = any((base / path).exists() for base in bases)
        assert there or ("/" not in path and any(code.rglob(path))), path


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_every_name_is_in_the_file_that_is_told(document):
    code = ROOT / "src" / "pagemill"
    for names, path in NAMES.findall(prose(document)):
        file = next(base / path for base in (ROOT, code) if (base / path).exists())
        assert set(re.findall(r"\w+", names)) - {"and"} <= set(re.findall(r"\w+", file.read_text())), path


def test_every_document_is_in_the_table():
    linked = {link.partition("#")[0] for link in LINK.findall((ROOT / "docs" / "README.md").read_text())}
    pages = {page.name for page in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert pages | {"../README.md", "../CONTRIBUTING.md", "../bench/README.md", "../deploy/README.md"} <= linked
