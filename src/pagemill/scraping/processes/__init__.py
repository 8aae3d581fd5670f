"""How the processes of extraction are started."""
