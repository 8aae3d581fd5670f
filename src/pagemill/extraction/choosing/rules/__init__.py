"""Rules that correct what the model chose, each for one kind of block that the markup tells for certain."""
