"""Corrections: the roles that people gave to blocks of pages, kept for each API key."""
