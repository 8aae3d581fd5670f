"""Where the pages that a command gets are written, and how far it is."""
