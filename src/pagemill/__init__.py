"""Pagemill: a self-hosted web-scraping service."""

__version__ = "0.1.0"
