"""Programs that measure what extraction makes of pages: content, Markdown, metadata, encodings, structured data."""
