"""Monitors: when each is due, its run as a job, and what changed since the run before."""
