from __future__ import annotations

import os
import stat

import pytest

from pagemill.data_folder import DataFolder
from pagemill.errors import OperatorError

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give folders away")
OWN_MODE = 0o711 if os.geteuid() == 0 else 0o700


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=oct)
def umask(request):
    before = os.umask(request.param)
    yield
    os.umask(before)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.usefixtures("umask")
def test_a_new_folder_is_its_owners_whatever_the_umask(tmp_path):
    with DataFolder(tmp_path / "data") as folder:
        folder.ensure_secret_key()
        folder.write_key("secret")
    assert mode(tmp_path / "data") == OWN_MODE
    assert {mode(file) for file in (tmp_path / "data").iterdir()} == {0o600}


def test_a_data_folder_that_others_may_write_in_is_closed_to_them(tmp_path):
    (tmp_path / "lock").touch()
    tmp_path.chmod(0o777)
    with DataFolder(tmp_path):
        assert mode(tmp_path) == OWN_MODE


def test_another_folder_that_others_may_write_in_is_refused_and_left_as_it_is(tmp_path):
    (tmp_path / "somebodys").touch()
    tmp_path.chmod(0o777)
    with pytest.raises(OperatorError, match="Others may write"), DataFolder(tmp_path):
        pass
    assert mode(tmp_path) == 0o777


@as_root
def test_a_folder_of_another_user_is_refused(tmp_path):
    os.chown(tmp_path, 65534, 65534)
    with pytest.raises(OperatorError, match="belongs to another user"), DataFolder(tmp_path):
        pass


@pytest.mark.parametrize("name", ["lock", "api-key", "secret-key", "secret-key.new"])
def test_no_link_is_followed(tmp_path, name):
    target = tmp_path / "target"
    target.write_text("precious")
    data = tmp_path / "data"
    data.mkdir()
    (data / name).symlink_to(target)
    try:
        with DataFolder(data) as folder:
            assert folder.read_secret_key() is None
            folder.ensure_secret_key()
            folder.write_key("secret")
    except (OSError, OperatorError):
        pass
    assert target.read_text() == "precious"
