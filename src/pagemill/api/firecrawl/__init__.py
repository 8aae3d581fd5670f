"""Firecrawl's API, version 2: another face on the same jobs, for programs that speak it."""
