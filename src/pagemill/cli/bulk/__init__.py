"""`pagemill extract`: archives and tables of pages, without a service."""
