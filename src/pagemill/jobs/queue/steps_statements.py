"""The SQL by which those who watch a page and the worker that has it in hand hear of each other."""

from __future__ import annotations

# $1: the channel, $2: the payload.
# Repeatable: who is told twice takes it for the same: a payload holds all the steps there are, or the job watched.
NOTIFY = "SELECT pg_notify($1, $2)"
