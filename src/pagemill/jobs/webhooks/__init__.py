"""Webhooks: endpoints, signatures, payloads and deliveries."""
