"""A short form of `make fuzz`, the same each time."""

from __future__ import annotations

import pytest

from tests.fuzz import api
from tests.fuzz.__main__ import run
from tests.fuzz.targets import TARGETS, Target


@pytest.mark.parametrize("name", TARGETS)
def test_hostile_bytes_raise_errors_of_ours_only(name):
    run(TARGETS[name], 1, 40)


def test_the_api_answers_whatever_it_gets():
    with api.FuzzedApi() as served:
        run(Target(api.INPUTS, served.read), 1, 40)
