"""Lists of jobs, crawls and monitors, and each of them."""
