"""The whole service as its users run it: `pagemill serve` in processes of its own."""
