"""Pages over HTTP through libcurl: requests, responses, retries, and how many go to one host at a time."""
