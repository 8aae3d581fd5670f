"""The metadata of a page: title, byline, dates, JSON-LD, links and images."""
