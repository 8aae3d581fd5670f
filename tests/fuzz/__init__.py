"""Fuzzing: what reads hostile bytes gets many of them, and may raise its own errors only."""
