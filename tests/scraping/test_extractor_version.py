from __future__ import annotations

import shutil
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import pagemill
from pagemill.scraping.extractor_version import extractor_version

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def version_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """The version of a copy of the package, which a test may change: in `tmp_path`."""
    for name in ("extraction", "scraping"):
        shutil.copytree(Path(pagemill.__file__).parent / name, tmp_path / name)
    (tmp_path / "pagemill").mkdir()
    shutil.copy(Path(pagemill.__file__).with_name("media_types.py"), tmp_path / "pagemill")
    monkeypatch.setattr(resources, "files", lambda package: tmp_path / package.rpartition(".")[2])
    return extractor_version.__wrapped__


def test_it_is_always_the_same(version_of):
    assert version_of() == version_of() == extractor_version()


@pytest.mark.parametrize(
    "name",
    ["extraction/choosing/blocks.py", "extraction/choosing/model/model.npz", "extraction/choosing/tree_walk.pyx"],
)
def test_it_changes_with_what_extraction_is_made_of(version_of, tmp_path, name):
    before = version_of()
    assert (tmp_path / name).exists()
    with (tmp_path / name).open("ab") as file:
        file.write(b"#")
    assert version_of() != before


def test_it_is_the_same_where_nothing_could_be_compiled(version_of, tmp_path):
    before = version_of()
    for name in ("tree_sums.c", "tree_sums.cpython-311-x86_64-linux-gnu.so"):
        (tmp_path / "extraction" / "choosing" / "model" / name).write_bytes(b"made of tree_sums.pyx")
        assert version_of() == before
        (tmp_path / "extraction" / "choosing" / "model" / name).unlink()
        assert version_of() == before
