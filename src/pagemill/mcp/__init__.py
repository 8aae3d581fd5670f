"""Pagemill for agents: the tools and resources of its MCP server, over the client. The SDK is imported here alone."""
