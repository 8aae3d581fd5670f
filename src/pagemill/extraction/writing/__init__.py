"""The chosen tree as cleaned HTML, and that as Markdown."""
