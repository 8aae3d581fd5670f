"""The HTTP endpoints, one file for each path prefix, and what they share: admission of jobs and waiting for them."""
