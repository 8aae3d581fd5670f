"""`python -m pagemill.forking`: a fork server."""

from pagemill.forking.server import main

main()
