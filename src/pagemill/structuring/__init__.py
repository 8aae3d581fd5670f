"""Content to structured JSON: by a language model where one is set up, by the page's own markup where none is.

`structurer.py` and `model/` run on the worker's event loop, and `schemas/checker.py` has processes of its own.
Everything else reads what a page says, and runs where extraction does: pure functions, no I/O, no settings.
"""
