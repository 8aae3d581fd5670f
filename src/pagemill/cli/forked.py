"""A command of the service, in a process that was forked."""

from __future__ import annotations

import json
import os

from pagemill import cli
from pagemill.forking.server import branch
from pagemill.scraping.processes.extraction_starter import SERVER_TITLE, ExtractionStarter


def run(environment: str, *words: str) -> None:
    """Run the command with these words, in the environment that the descriptor `environment` gives as JSON.

    Nothing runs where its writer ended before it gave one: nobody knows of this process then.
    """
    if words[0] == "worker":  # before any secret is here: extraction reads hostile pages
        ExtractionStarter.branch = branch(SERVER_TITLE, together=True)
    with os.fdopen(int(environment), "rb") as file:
        given = file.read()
    if given:
        os.environ.clear()
        os.environ.update(json.loads(given))
        cli.main(words)
