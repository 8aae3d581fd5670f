"""`pagemill map` and `pagemill crawl`: what they take, how they find the service, and what they write."""
