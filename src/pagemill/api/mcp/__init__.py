"""`/mcp`: the MCP server over HTTP, whose tools call this API with their caller's key."""
