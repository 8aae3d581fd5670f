"""Local servers for tests: HTTP that behaves and that does not, TLS with an authority of its own, and DNS.

Each is an asynchronous context manager that listens on loopback, on a port that the system chooses.
"""
