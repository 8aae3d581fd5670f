"""Monitors on the wire: their endpoints, requests and answers."""
