"""Structured data from a language model: prompts, chunks of long pages, answers and how they are merged."""
