"""Faults at random in a real service: `make chaos`. The short form is tests/service/test_chaos.py."""
