"""The HTTP endpoints, one file for each path prefix."""
