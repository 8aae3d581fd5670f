"""Tells of each block of a page what the choice of content made of it, and where it stands in the Markdown."""
