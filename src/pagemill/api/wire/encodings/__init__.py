"""Content encodings of answers: which a client accepts, and frames of zstd put together from stored ones."""
