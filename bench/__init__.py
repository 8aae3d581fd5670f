"""Programs that measure: speed as ratios in one run, and the quality of what is chosen. See README.md here."""
