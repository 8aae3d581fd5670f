"""Bytes from the web: names looked up, addresses checked, pages fetched over HTTP."""
