from __future__ import annotations

import os

import pytest

from pagemill.cli.doctor.storage import check_storage
from pagemill.data_folder import DataFolder
from pagemill.settings import Settings


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "data"
    path.mkdir(mode=0o700)
    return path


def examine(folder, **settings):
    return [(each.check, each.status.value) for each in check_storage(Settings(data_dir=folder, **settings))]


def folder_status(folder):
    return dict(examine(folder))["data folder"]


def test_a_private_folder_is_well(folder):
    (folder / "secret-key").touch(mode=0o600)
    assert examine(folder) == [("data folder", "ok"), ("disk", "ok")]


def test_a_folder_that_is_not_there_yet_is_well_and_is_not_made(tmp_path):
    assert folder_status(tmp_path / "new" / "data") == "ok"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mode", [0o770, 0o707])
def test_a_folder_that_others_may_write_in_fails(folder, mode):
    folder.chmod(mode)
    assert folder_status(folder) == "failed"


@pytest.mark.parametrize("name", ["secret-key", "api-key"])
def test_a_secret_that_others_may_read_fails(folder, name):
    (folder / name).touch()
    (folder / name).chmod(0o644)
    assert folder_status(folder) == "failed"


def test_a_secret_that_is_a_link_fails(folder, tmp_path):
    (tmp_path / "elsewhere").touch(mode=0o600)
    (folder / "secret-key").symlink_to(tmp_path / "elsewhere")
    assert folder_status(folder) == "failed"


def test_a_file_in_place_of_the_folder_fails(tmp_path):
    (tmp_path / "file").touch()
    assert folder_status(tmp_path / "file") == "failed"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives folders away")
def test_another_users_folder_fails(folder):
    os.chown(folder, 65534, 65534)
    assert folder_status(folder) == "failed"


def test_a_restore_that_did_not_end_fails(folder):
    DataFolder(folder).begin_restore()
    assert folder_status(folder) == "failed"


def test_a_disk_with_little_free_space_is_told(folder):
    free = os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize
    assert dict(examine(folder, min_free_disk=free * 2))["disk"] == "warning"
    assert dict(examine(folder, min_free_disk=free * 20))["disk"] == "failed"
