"""Batches and crawls: submitted, asked for, watched, cancelled."""
