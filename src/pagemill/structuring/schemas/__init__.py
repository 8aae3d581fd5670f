"""JSON Schemas that clients send: checked, compiled, and read to fill them in."""
