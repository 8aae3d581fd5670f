"""The original of a page beside what was extracted, and corrections of it."""
