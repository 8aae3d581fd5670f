"""Bodies in object storage: written, read, and deleted when nothing refers to them any more."""
