"""Faults at random, in a real service: `python -m tests.chaos --help`. The short form is tests/service/test_chaos.py."""
