"""From bytes to a tree: encodings, hidden elements, addresses, and an index of the page's elements."""
