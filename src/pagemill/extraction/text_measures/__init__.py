"""What a text is like, for those who build corpora: its language, and how much of it is sentences."""
