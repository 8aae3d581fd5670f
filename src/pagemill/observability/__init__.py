"""Metrics and traces: what the service tells whoever operates it. Nothing here can fail a page."""
