"""Processes that are forked from one that has imported the program already (Linux).

They start in a hundredth of the time and share the memory of what was imported. `fork_server` asks, `server` is the
process that forks.
"""
