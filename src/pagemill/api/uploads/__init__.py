"""What uploads, and tables of results, may take of an API process."""
