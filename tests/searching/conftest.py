from __future__ import annotations

import pytest

from pagemill.settings import Settings


@pytest.fixture
def settings():
    """Settings without a database, which searching needs not."""
    return Settings()
