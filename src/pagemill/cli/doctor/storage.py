"""Checks the data folder: its owner, its modes, the files in it, and the free disk space."""

from __future__ import annotations

import os
import shutil
import stat
from typing import TYPE_CHECKING

from pagemill.cli.doctor.finding import Finding, failed, ok, warning
from pagemill.data_folder import DataFolder

if TYPE_CHECKING:
    from pathlib import Path

    from pagemill.settings import Settings

_FOLDER, _DISK = "data folder", "disk"
_SECRET_FILES = ("secret-key", "api-key")
_SCARCE = 10
"""A disk with less than one in so many of the wanted bytes free counts as full."""
_MEBIBYTE = 1024 * 1024


def check_storage(settings: Settings) -> list[Finding]:
    """What is odd about the data folder and its disk. Changes nothing."""
    folder = settings.database.data_dir.expanduser()
    try:
        return [_check_folder(folder.resolve()), _check_disk(folder.resolve(), settings.database.min_free_disk)]
    except OSError as error:
        hint = "Run this as the user that runs the service."
        return [failed(_FOLDER, f"{folder} cannot be looked at: {error.strerror}.", hint)]


def _check_folder(folder: Path) -> Finding:
    if not folder.exists():
        return _check_absent(folder)
    status = folder.stat()
    mode = stat.S_IMODE(status.st_mode)
    if not stat.S_ISDIR(status.st_mode):
        return failed(_FOLDER, f"{folder} is no folder.", "Choose another one with PAGEMILL_DATA_DIR.")
    if status.st_uid != os.geteuid():
        return failed(
            _FOLDER,
            f"{folder} belongs to the user {status.st_uid}, not to this one ({os.geteuid()}).",
            "Run Pagemill as its owner, or choose another folder with PAGEMILL_DATA_DIR.",
        )
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        return failed(_FOLDER, f"Others may write in {folder} (mode {mode:04o}).", f"chmod go-w {folder}")
    return _check_contents(folder) or ok(_FOLDER, f"{folder}, mode {mode:04o}")


def _check_absent(folder: Path) -> Finding:
    parent = _existing_parent(folder)
    if os.access(parent, os.W_OK | os.X_OK):
        return ok(_FOLDER, f"{folder} is not there yet; `pagemill serve` makes it")
    return failed(
        _FOLDER,
        f"{folder} is not there, and this user may not write in {parent}.",
        "Choose another folder with PAGEMILL_DATA_DIR, or make it for this user.",
    )


def _check_contents(folder: Path) -> Finding | None:
    if DataFolder(folder).restore_unfinished:
        return failed(_FOLDER, f"The restore of a backup into {folder} did not end.", "Run `pagemill restore` again.")
    for name in _SECRET_FILES:
        file = folder / name
        if file.is_symlink():
            return failed(_FOLDER, f"{file} is a link, and links are not followed.", "Put the file itself there.")
        if not file.exists():
            continue
        status = file.stat()
        if status.st_uid != os.geteuid() or status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            return failed(
                _FOLDER,
                f"{file} is not this user's alone (mode {stat.S_IMODE(status.st_mode):04o}).",
                f"chmod 600 {file}, and chown it to the user that runs the service.",
            )
    return None


def _check_disk(folder: Path, wanted: int) -> Finding:
    usage = shutil.disk_usage(_existing_parent(folder))
    shown = f"{usage.free // _MEBIBYTE} MiB free of {usage.total // _MEBIBYTE} MiB"
    hint = "Free some, shorten PAGEMILL_RETENTION_DAYS and PAGEMILL_CACHE_RETENTION_DAYS, or use a larger disk."
    if usage.free < wanted // _SCARCE:
        return failed(_DISK, f"{shown}: the database will stop soon.", hint)
    if usage.free < wanted:
        return warning(_DISK, f"{shown}, less than PAGEMILL_MIN_FREE_DISK.", hint)
    return ok(_DISK, shown)


def _existing_parent(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())
