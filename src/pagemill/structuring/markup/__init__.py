"""Structured data from what a page declares: JSON-LD, microdata, Open Graph and plain tables of facts."""
