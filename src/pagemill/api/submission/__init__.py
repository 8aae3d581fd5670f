"""What endpoints share that take work in: submitting it, waiting for its end, polling it, warning of slips."""
