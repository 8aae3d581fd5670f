"""Maps and crawls on the wire: their requests, their answers, and the stream of a crawl."""
