"""The inputs: which files there are, and the records that each holds, one after another."""
