"""Texts of pages made ready to be shown: Markdown rendered, HTML and JSON coloured, evidence marked. In a process."""
