"""What keeps a record of an archive or a table from being extracted: the `error` of its row."""

from __future__ import annotations

from pagemill.errors.root import PagemillError


class RecordError(PagemillError):
    """A record that cannot be extracted; the rest of its input can."""

    code = "record_invalid"


class DamagedInputError(PagemillError):
    """An input that breaks off or is damaged: nothing after this place can be read."""

    code = "input_damaged"
