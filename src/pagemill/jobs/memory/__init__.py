"""What workers share through the database.

The page cache, browser hosts, learnt selectors, proxy scores, and the rates and robots.txt of hosts.
"""
