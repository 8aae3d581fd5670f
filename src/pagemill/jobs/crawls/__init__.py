"""Crawls in the database: the frontier, and what is read of it."""
