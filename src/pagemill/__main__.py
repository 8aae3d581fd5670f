"""The command `pagemill`, and `python -m pagemill`."""

from __future__ import annotations

import sys

_INTERRUPTED = 130
"""What a shell reports of a program that SIGINT ended."""


def run() -> None:
    """Run the command line. Ctrl-C ends it without a traceback, also while it imports what it needs."""
    try:
        from pagemill.cli import main

        main()
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)


if __name__ == "__main__":
    run()
