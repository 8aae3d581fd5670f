"""What workers share through the database: the page cache, browser hosts, learnt selectors and proxy scores."""
