"""The pipeline in the caller's process, without a service: the command and the function `scrape`."""
