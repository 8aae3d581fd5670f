"""The operator's proxies: which one a page takes, how each did for a host, and tunnels through them."""
