"""Chromiums that Playwright drives: for pages with actions, and for those whose cookies and storage are kept."""
