"""What kind of page it is, told from its address, its markup and the shape of its text."""
