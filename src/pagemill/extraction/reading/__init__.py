"""Bytes to a tree: encodings, hidden elements, addresses, and an index of what stands where on the page."""
