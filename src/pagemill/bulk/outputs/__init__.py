"""The outputs: rows written in parts, each durable before the state file says that it is there."""
