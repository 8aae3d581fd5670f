"""`GET /r/{url}`: a page as Markdown text, for curl and for prompts."""
