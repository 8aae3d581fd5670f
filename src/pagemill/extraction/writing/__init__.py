"""Writes the pruned tree as cleaned HTML, and the cleaned tree as Markdown."""
