"""`pagemill serve`: the processes of one service, started, restarted and replaced."""
