"""Batches by upload on the wire: taken in as a stream, read as a stream."""
