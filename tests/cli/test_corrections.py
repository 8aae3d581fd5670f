"""`pagemill corrections export`."""

from __future__ import annotations

import gzip
import json
from types import SimpleNamespace

import pytest

from pagemill.cli import corrections as command
from pagemill.errors import OperatorError
from pagemill.jobs.corrections.store import CorrectionStore
from pagemill.jobs.keys.keys import Keys
from tests.extraction.test_pipeline import ARTICLE
from tests.jobs.corrections.test_store import correction, save


async def test_corrected_pages_of_all_keys_or_of_one_are_written(database, settings, tmp_path, capsys):
    keys = [(await Keys(database).create(name))[0] for name in ("one", "two")]
    store = CorrectionStore(database, settings)
    for key_id in keys:
        await save(store, key_id, correction(key_id))

    async def export(folder, key=None):
        return await command.export(SimpleNamespace(folder=str(folder), key=key, data_dir=None), settings)

    assert await export(tmp_path / "all") == 0
    assert "2 corrected pages" in capsys.readouterr().err
    assert await export(tmp_path / "one", keys[0]) == 0
    assert sorted(path.name for path in (tmp_path / "all").iterdir()) == sorted(keys)
    [folder] = (tmp_path / "one").iterdir()
    [truth] = (folder / "ground-truth").iterdir()
    record = json.loads(gzip.decompress(truth.read_bytes()))
    assert gzip.decompress((folder / record["html"]).read_bytes()).decode() == ARTICLE
    with pytest.raises(OperatorError):
        await export(tmp_path / "none", "key_nobody")
    (tmp_path / "file").touch()
    with pytest.raises(OperatorError):
        await export(tmp_path / "file", keys[0])
