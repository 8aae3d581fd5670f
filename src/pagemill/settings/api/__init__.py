"""Settings of the API: the address it listens at, connections, requests, and what one key may ask for."""
