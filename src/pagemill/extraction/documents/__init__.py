"""Documents other than HTML: PDF, plain text, JSON, XML, feeds, sitemaps, separated values, and gzip around them."""
