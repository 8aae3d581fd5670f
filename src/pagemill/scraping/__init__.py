"""One URL to its content: fetch, then extract. Knows no job."""
