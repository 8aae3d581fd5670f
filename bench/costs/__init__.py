"""What the service costs: processor time and memory of its processes."""
