"""Searching the web: `POST /v1/search`, and the batch of what was found."""
