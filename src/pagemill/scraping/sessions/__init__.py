"""Sessions during the scraping of a page."""
