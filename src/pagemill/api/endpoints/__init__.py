"""The HTTP endpoints, one file for each path prefix, and what they share: submitting jobs and waiting for them."""
