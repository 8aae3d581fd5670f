"""What crawls cost, and what they leave to others."""
