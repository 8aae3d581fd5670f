"""Jobs, their pages and the frontiers of crawls as lists show them: filtered, and in parts that stay as fast."""
