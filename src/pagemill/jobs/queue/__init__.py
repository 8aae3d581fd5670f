"""Jobs and their pages: submitted, claimed, ended, looked up, and the notices of each."""
