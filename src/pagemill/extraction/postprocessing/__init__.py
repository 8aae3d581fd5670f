"""What clients can choose about Markdown: how links are written, front matter, and a limit of tokens."""
