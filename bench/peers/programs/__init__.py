"""Programs that scrape a list of URLs, one for each peer. Each is run by the Python of that peer's environment."""
