"""What is known of whole sites: which URLs are the same, which belong, which may be fetched. Pure: no I/O."""
