"""What keeps a command from running: told to the operator."""

from __future__ import annotations

from pagemill.errors.root import PagemillError


class OperatorError(PagemillError):
    """A command cannot run as asked. The message says what to do."""

    code = "operator_error"


class UsageError(OperatorError):
    """An argument or a setting is not valid: the command ends with 2."""

    code = "usage_error"
