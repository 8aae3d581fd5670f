"""What a page says about itself: title, byline, dates, JSON-LD, links and images."""
