"""API keys and how much each may submit."""
