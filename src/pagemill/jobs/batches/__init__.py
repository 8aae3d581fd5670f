"""Batches by upload: a million URLs as one job, which wait in a table of their own and not in the queue."""
