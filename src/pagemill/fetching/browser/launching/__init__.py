"""How Chromium and its driver are started: as which user, with which environment, under which limits."""
