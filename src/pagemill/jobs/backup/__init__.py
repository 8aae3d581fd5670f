"""Backups: a consistent copy of the database and of the service's keys in one file."""
