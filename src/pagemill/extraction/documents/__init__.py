"""Documents other than HTML: PDF, plain text, JSON, XML, feeds, sitemaps and separated values."""
