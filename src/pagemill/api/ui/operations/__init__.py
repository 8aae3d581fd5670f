"""Views of the service: its metrics over time, keys, webhooks, proxies and hosts."""
